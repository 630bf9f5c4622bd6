"""The routes of the review page's application (ASGI)."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from castlist.errors import CastlistError, InputError
from castlist.proxy import Proxy
from castlist.report.formatting import short_line
from castlist.review.access import Access, AccessMiddleware
from castlist.review.assets import ASSETS, asset
from castlist.review.downloads import downloads, exported
from castlist.review.film import FilmFile, part
from castlist.review.page import Page
from castlist.review.session import Session
from castlist.store import FoundAnew, Stale
from castlist.suggest.questions import LONGEST as LONGEST_SHEET
from castlist.types import Json, JsonObject

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

__all__ = ["Projection", "answer", "application", "change"]

Asked = TypeVar("Asked")  # the input of a route: the request, or its JSON

LONGEST = 1_000_000  # bytes of a request
# what the page sends along with a decision
BESIDE = ("revision", "proposals", "author", "scan_state", "action_id")
BINARY = "application/octet-stream"  # a file for download
MOST_STEPS = 100  # decisions in a request: enough for a page of 48 items that all move


class Projection:
    """The film as the page plays it: the file itself, or its proxy if the browser cannot play the file."""

    def __init__(self, film: FilmFile, proxy: Proxy) -> None:
        self.film, self.proxy = film, proxy

    @classmethod
    def of(cls, session: Session) -> Projection:
        """The film of a session, which stores the path when a user points to the film."""
        film = FilmFile(session.video, session.path, session.film_found)
        return cls(film, Proxy(session.video, lambda: film.file()[0]))

    def state(self) -> dict[str, Json]:
        """Whether the film is there, or why not, whether browsers play it, and the progress of its proxy."""
        try:
            self.film.file()[0].close()
            why = ""
        except InputError as error:
            why = str(error)
        proxy = self.proxy.state()
        return {
            "there": not why,
            "why": why,
            "codec": self.film.video.codec,
            "plays": self.film.plays,
            "proxy": {"state": proxy.name, "done": round(proxy.done, 3), "why": proxy.why},
        }

    def want(self, body: JsonObject) -> dict[str, Json]:
        """Start to make a proxy of the kind that the browser plays."""
        self.proxy.want(str(body.get("kind")))
        return self.state()

    def point(self, body: JsonObject) -> dict[str, Json]:
        """Set the path of the film.

        Raises:
            InputError: there is no such file, or it is another film.
        """
        path = body.get("path")
        if not isinstance(path, str) or not path.strip():
            raise InputError("say where the film is, as in /films/film.mp4")
        with suppress(RuntimeError):  # ~ without such a user is an ordinary name
            path = os.path.expanduser(path.strip())
        self.film.point(Path(path))
        return self.state()


def application(
    session: Session,
    access: Access,
    *,
    projection: Projection | None = None,
    invited: Callable[[str], None] = lambda token: None,
) -> Starlette:
    """The page as an ASGI application; `invited` is called with each new token."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware

    projection = projection or Projection.of(session)
    return Starlette(
        routes=_routes(session, access, projection),
        middleware=[Middleware(AccessMiddleware, access=access, invited=invited)],
    )


def _routes(session: Session, access: Access, projection: Projection) -> list[Route]:
    from starlette.routing import Route

    page = Page(session)
    changes = [*_deciding(page), *_doing(session, access, projection)]
    return [
        *_files(session, projection),
        *(Route(path, _answer(page, work), methods=["GET"]) for path, work in _looking(page, projection)),
        *(Route(path, change(_answer(page, work)), methods=["POST"]) for path, work in changes),
    ]


def _looking(page: Page, projection: Projection) -> list[tuple[str, Callable[[Request], object]]]:
    """Routes for reading, with their functions."""
    return [
        ("/api/film", lambda r: projection.state()),
        ("/api/state", lambda r: page.news()),
        ("/api/changes", lambda r: _changes(page, r)),
        ("/api/questions", lambda r: page.questions()),
        ("/api/history", lambda r: page.session.history()),
        ("/api/person/{id}", lambda r: page.person(r.path_params["id"])),
        ("/api/alike/{id}", lambda r: page.alike(r.path_params["id"])),
        ("/api/tracks", lambda r: page.tracks(r.query_params.get("of", ""))),
        ("/api/aside", lambda r: page.aside()),
        ("/api/timeline", lambda r: page.timeline()),
        ("/api/exports", lambda r: downloads(page.session)),
        ("/api/frames", lambda r: page.frames(_number(r, "from"), _number(r, "to"))),
        ("/api/faces", lambda r: page.faces(_number(r, "from"), _number(r, "to"))),
    ]


def _deciding(page: Page) -> list[tuple[str, Callable[[JsonObject], object]]]:
    """Routes for decisions; each responds with the changes."""
    session = page.session

    def decide(body: JsonObject) -> object:
        if "steps" in body:
            numbers = session.decide_all(
                _steps(body), revision=_revision(body), author=_author(body), action_id=_action_id(body)
            )
            return {"decisions": numbers, "state": _news(page, body)}
        request = {key: value for key, value in body.items() if key not in BESIDE}
        number = session.decide(
            request, revision=_revision(body), author=_author(body), action_id=_action_id(body)
        )
        return {"decision": number, "sentence": session.sentence(number), "state": _news(page, body)}

    def undo(body: JsonObject, redo: bool = False) -> object:
        numbers = session.undo_all(
            _undone(body),
            revision=_revision(body),
            author=_author(body),
            redo=redo,
            action_id=_action_id(body),
        )
        return {"decision": numbers[-1], "state": _news(page, body)}

    def held(work: Callable[[JsonObject], object]) -> Callable[[JsonObject], object]:
        def on_what_is_shown(body: JsonObject) -> object:
            with session.deciding_on(_scan_state(body)):
                return work(body)

        return on_what_is_shown

    def ahead(body: JsonObject) -> object:
        session.think_ahead(_steps(body), revision=_revision(body))
        return {}

    def accept(body: JsonObject) -> object:
        number = session.accept(
            _proposal(body), revision=_revision(body), author=_author(body), action_id=_action_id(body)
        )
        return {"decision": number, "sentence": session.sentence(number), "state": _news(page, body)}

    def reject(body: JsonObject) -> object:
        answer = session.reopen if body.get("back") is True else session.reject
        return {"sentence": answer(_proposal(body)), "state": _news(page, body)}

    return [
        ("/api/decide", held(decide)),
        (
            "/api/sheet",
            lambda body: session.sheet_after(_steps(body), _items(body), revision=_revision(body)),
        ),
        ("/api/ahead", ahead),
        ("/api/accept", held(accept)),
        ("/api/reject", reject),
        ("/api/undo", held(undo)),
        ("/api/redo", held(lambda body: undo(body, redo=True))),
    ]


def _doing(
    session: Session, access: Access, projection: Projection
) -> list[tuple[str, Callable[[JsonObject], object]]]:
    """Routes for actions other than decisions."""

    def point(body: JsonObject) -> object:
        if not access.local:
            raise InputError("say where the film is on its own machine: castlist review ... --film PATH")
        return projection.point(body)

    return [
        (
            "/api/done",
            lambda body: {"saved": session.save(), "workspace": short_line(session.path.name, 120)},
        ),
        ("/api/film", point),
        ("/api/proxy", projection.want),
        ("/api/invite", lambda body: {"token": access.invite()}),
    ]


def answer(
    work: Callable[[Asked], object], stale: Callable[[Asked, Stale | FoundAnew], object] | None = None
) -> Callable[[Asked], Response]:
    """A route with JSON as result and a sentence for each error.

    Args:
        stale: makes the response if other users decided meanwhile; default: the sentence alone.
    """
    from starlette.responses import JSONResponse

    def route(request: Asked) -> Response:
        try:
            return JSONResponse(work(request))
        except CastlistError as error:
            if stale is not None and isinstance(error, Stale | FoundAnew):
                return JSONResponse(stale(request, error), status_code=409)
            return JSONResponse({"error": str(error)}, status_code=422)

    return route


def _news(page: Page, body: JsonObject) -> object:
    """The current state, for the page that sent a decision."""
    proposals = body.get("proposals")
    return page.news(_revision(body), proposals if isinstance(proposals, str) else None)


def _answer(page: Page, work: Callable[[Asked], object]) -> Callable[[Asked], Response]:
    """A route of this page; after decisions of other users, the response has these and the new state."""

    def stale(request: Asked, error: Stale | FoundAnew) -> object:
        if isinstance(error, FoundAnew):
            return {"error": str(error), "changes": [], "state": page.news()}
        changes = [
            f"{d.author}: {page.session.sentence(d.id)}" if d.author else page.session.sentence(d.id)
            for d in error.decisions
        ]
        state = _news(page, request) if isinstance(request, Mapping) else page.news()
        return {"error": str(error), "changes": changes, "state": state}

    return answer(work, stale)


def change(respond: Callable[[JsonObject], Response]) -> Callable[[Request], Awaitable[Response]]:
    """A route that takes JSON and works outside the event loop."""
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import ClientDisconnect
    from starlette.responses import JSONResponse, Response

    async def route(request: Request) -> Response:
        try:
            body = await body_of(request)
        except ClientDisconnect:  # the browser was closed meanwhile: nothing was decided
            return Response(status_code=400)
        except InputError as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        return await run_in_threadpool(respond, body)

    return route


def _files(session: Session, projection: Projection) -> list[Route]:
    """The page, its scripts and styles, pictures by opaque name, and the film."""
    from starlette.responses import HTMLResponse, JSONResponse, Response
    from starlette.routing import Route

    def page(request: Request) -> Response:
        return HTMLResponse((files("castlist.review") / "static/review.html").read_text("utf-8"))

    def thumb(request: Request) -> Response:
        try:
            return Response(session.picture(request.path_params["name"]), media_type="image/jpeg")
        except CastlistError:
            return Response(status_code=404)

    def export(request: Request) -> Response:
        try:
            content = exported(session, request.path_params["name"])
        except CastlistError as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        # so that the browser never shows it as a page of castlist
        return Response(content, headers={"Content-Disposition": "attachment"}, media_type=BINARY)

    def film(request: Request) -> Response:
        try:
            file, path = projection.film.file()
        except InputError:
            return Response(status_code=404)
        return part(file, path.name, request)

    def proxy(request: Request) -> Response:
        found = projection.proxy.file()
        return part(*found, request) if found else Response(status_code=404)

    return [
        Route("/", page),
        Route("/static/{name}", asset(ASSETS)),
        Route("/thumb/{name}", thumb),
        Route("/export/{name}", export),
        Route("/film", film),
        Route("/film/proxy", proxy),
    ]


def _number(request: Request, name: str) -> int:
    """A number in the query.

    Raises:
        InputError: there is no such number.
    """
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InputError(f"say {name} as a whole number, as in {name}=12")
    return int(text)


async def body_of(request: Request) -> JsonObject:
    """The JSON object of a request.

    Raises:
        InputError: it is too large, or not a JSON object.
    """
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > LONGEST:
            raise InputError(f"a request has at most {LONGEST} bytes")
    try:
        body = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        raise InputError("the request is not JSON") from None
    if not isinstance(body, dict):
        raise InputError("the request must be a JSON object")
    return body


def _revision(body: JsonObject) -> int:
    revision = body.get("revision")
    if type(revision) is not int or revision < 0:
        raise InputError("say which decision was the last one on the page, as in revision: 12")
    return revision


def _scan_state(body: JsonObject) -> str | None:
    scan_state = body.get("scan_state")
    return scan_state if isinstance(scan_state, str) else None


def _changes(page: Page, request: Request) -> dict[str, object] | None:
    asked = request.query_params
    return page.changes(_number(request, "since"), asked.get("proposals"), asked.get("scan_state"))


def _steps(body: JsonObject) -> Sequence[JsonObject]:
    steps = body.get("steps")
    if not isinstance(steps, list) or not 0 < len(steps) <= MOST_STEPS:
        raise InputError(f"give 1 to {MOST_STEPS} steps, each a decision")
    found = [step for step in steps if isinstance(step, dict)]
    if len(found) < len(steps):
        raise InputError("each of the steps must be a decision, as in action: sort")
    return found


def _items(body: JsonObject) -> int:
    items = body.get("items", LONGEST_SHEET)
    if type(items) is not int or not 0 < items <= LONGEST_SHEET:
        raise InputError(f"ask for 1 to {LONGEST_SHEET} items")
    return items


def _proposal(body: JsonObject) -> int:
    number = body.get("proposal")
    if type(number) is not int:
        raise InputError("say which proposed name as a whole number, as in proposal: 12")
    return number


def _undone(body: JsonObject) -> list[int] | None:
    """The numbers of the decisions to undo; None for the decisions of the last action."""
    given = body.get("decisions")
    if given is None and "decision" not in body:
        return None
    if (
        not isinstance(given, list)
        or not 0 < len(given) <= MOST_STEPS
        or any(type(n) is not int for n in given)
    ):
        raise InputError(f"give 1 to {MOST_STEPS} decisions by number, as in decisions: [12]")
    return given


def _action_id(body: JsonObject) -> str:
    action_id = body.get("action_id", "")
    if not isinstance(action_id, str):
        raise InputError("the id of an action is a text")
    return action_id


def _author(body: JsonObject) -> str:
    author = body.get("author", "")
    return author if isinstance(author, str) else ""
