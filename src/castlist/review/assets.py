"""Scripts and style sheets of the pages, as sent to the browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["ASSETS", "LOOK", "Asset", "asset", "scripts"]

SCRIPTS = (
    "address", "answers", "aside", "card", "check", "choose", "core", "dock", "done", "film", "grid",
    "history", "joined", "keys", "names", "people", "person", "pick", "proposed", "questions", "review",
    "sheet", "source", "timeline", "tracks", "typing",
)  # fmt: skip
STYLES = (  # a later sheet overrides earlier ones
    "page", "message", "people", "dock", "person", "questions", "check", "sheet", "timeline", "history",
    "film", "done", "help", "pick", "narrow",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asset:
    """A file for the page: files of a package, concatenated."""

    package: str
    paths: tuple[str, ...]
    kind: str  # media type

    def text(self) -> str:
        return "".join((files(self.package) / path).read_text("utf-8") for path in self.paths)


def scripts(package: str, names: Sequence[str]) -> dict[str, Asset]:
    """Modules of a package, by the names in their imports."""
    return {f"{name}.js": Asset(package, (f"static/{name}.js",), "text/javascript") for name in names}


LOOK = {
    "look.css": Asset("castlist.report", ("templates/look.css",), "text/css"),
    "review.css": Asset("castlist.review", tuple(f"static/{name}.css" for name in STYLES), "text/css"),
}
ASSETS = {**LOOK, **scripts("castlist.review", SCRIPTS)}


def asset(assets: Mapping[str, Asset]) -> Callable[[Request], Response]:
    """A route that serves files of packages by name."""
    from starlette.responses import Response

    def route(request: Request) -> Response:
        found = assets.get(request.path_params["name"])
        return Response(found.text(), media_type=found.kind) if found else Response(status_code=404)

    return route
