"""The routes of the library page's application (ASGI)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from importlib.resources import files
from threading import Lock
from typing import TYPE_CHECKING

from castlist.dark_pictures import brightened_jpeg
from castlist.errors import CastlistError, InputError
from castlist.library.library import Library
from castlist.library.review import state
from castlist.review.access import Access, AccessMiddleware
from castlist.review.assets import LOOK, Asset, asset, scripts
from castlist.review.film import FilmFile, part
from castlist.review.routes import answer, change
from castlist.store import Workspace
from castlist.types import Json, JsonObject

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

__all__ = ["application"]


PICTURES = 2000  # held in memory: some 8 MB
MARKS = 1000  # answers of one sheet at most
HERE = "castlist.library.review"
SCRIPTS = (
    "faces", "history", "library", "links", "paged", "pages", "pairs", "people", "proposals", "questions",
    "recurring", "state", "tabs",
)  # fmt: skip
ASSETS = {
    **LOOK,
    "library.css": Asset(HERE, ("static/library.css",), "text/css"),
    **scripts("castlist.review", ("address", "core")),
    **scripts(HERE, SCRIPTS),
}


class Shelf:
    """The pictures and films of a library, by the row of the film. Thread safe."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._pictures: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._films: dict[str, FilmFile] = {}
        self._lock = Lock()

    def picture(self, film: str, name: str) -> bytes:
        """A thumbnail of a film.

        Raises:
            CastlistError: there is no such film or picture.
        """
        rows = state.film_rows(self.library, film)
        key = (rows.digest, name)
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
                return self._pictures[key]
        with Workspace.open(rows.workspace, write=False) as opened:
            data = brightened_jpeg(opened.image(name))
        with self._lock:
            self._pictures[key] = data
            while len(self._pictures) > PICTURES:
                self._pictures.popitem(last=False)
        return data

    def film(self, number: str) -> FilmFile:
        """The film itself, at its current path.

        Raises:
            CastlistError: the film is not in the library, or its workspace cannot be read.
        """
        rows = state.film_rows(self.library, number)
        with self._lock:
            if rows.digest in self._films:
                return self._films[rows.digest]
        with Workspace.open(rows.workspace, write=False) as opened:
            video = opened.video()
        if video is None or video.digest != rows.digest:
            raise InputError("the workspace of this film holds another film now")
        with self._lock:
            return self._films.setdefault(rows.digest, FilmFile(video, rows.workspace))


def application(
    library: Library, access: Access, *, invited: Callable[[str], None] = lambda token: None
) -> Starlette:
    """The page as an ASGI application; `invited` is called with each new token."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.routing import Route

    looking: list[tuple[str, Callable[[Request], Json]]] = [
        ("/api/state", lambda r: state.state(library)),
        ("/api/revision", lambda r: {"revision": library.revision()}),
        ("/api/people", lambda r: state.people(library, r.query_params.get("text", "")[:200])),
        ("/api/person/{id}", lambda r: state.person(library, r.path_params["id"])),
        ("/api/links", lambda r: state.links(library)),
        ("/api/pairs", lambda r: state.pairs(library)),
        ("/api/recurring", lambda r: state.recurring(library)),
        ("/api/proposals", lambda r: state.proposals(library)),
        ("/api/history", lambda r: state.history(library)),
    ]
    routes = [
        *_files(Shelf(library)),
        *(Route(path, answer(work), methods=["GET"]) for path, work in looking),
        *(Route(path, change(answer(work)), methods=["POST"]) for path, work in _deciding(library)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(AccessMiddleware, access=access, invited=invited)])


def _answer(library: Library, body: JsonObject) -> None:
    library.answer(_text(body, "question"), _text(body, "said"), author=_author(body))


def _sheet(library: Library, body: JsonObject) -> None:
    replies = body.get("replies", {})
    if not isinstance(replies, dict) or len(replies) > MARKS:
        raise InputError("answer with replies by question")
    texts = {_plain(question): reply for question, reply in replies.items() if isinstance(reply, str)}
    if len(texts) < len(replies):
        raise InputError("answer with replies by question")
    wrong, right = _texts(body, "wrong"), _texts(body, "right")
    library.answer_sheet(_text(body, "person"), texts, wrong, right, author=_author(body))


def _confirm(library: Library, body: JsonObject) -> None:
    library.confirm(_texts(body, "right"), _texts(body, "wrong"), author=_author(body))


def _judge(library: Library, body: JsonObject) -> None:
    library.judge(_pairs(body, "same"), _pairs(body, "different"), author=_author(body))


def _compare(library: Library, body: JsonObject) -> None:
    library.compare(_texts(body, "people"), _pairs(body, "same"), author=_author(body))


def _name(library: Library, body: JsonObject) -> None:
    library.name(_text(body, "person"), _text(body, "name"), author=_author(body))


def _merge(library: Library, body: JsonObject) -> None:
    people = body.get("people")
    if (
        not isinstance(people, list)
        or not 2 <= len(people) <= 50
        or not all(isinstance(p, str) for p in people)
    ):
        raise InputError("choose two or more people")
    library.merge(*map(_plain, people), author=_author(body))


def _split(library: Library, body: JsonObject) -> None:
    library.split(_text(body, "person"), [_text(body, "member")], author=_author(body))


def _accept(library: Library, body: JsonObject) -> None:
    library.accept(_text(body, "proposal"), author=_author(body))


def _reject(library: Library, body: JsonObject) -> None:
    library.reject(_text(body, "proposal"))


def _reopen(library: Library, body: JsonObject) -> None:
    library.reject(_text(body, "proposal"), back=True)


def _undo(library: Library, body: JsonObject) -> None:
    number = body.get("decision")
    if number is not None and type(number) is not int:
        raise InputError("say which decision as a whole number, as in decision: 12")
    library.undo(number, author=_author(body))


DECISIONS: dict[str, Callable[[Library, JsonObject], None]] = {  # by the last word of their address
    "answer": _answer,
    "sheet": _sheet,
    "judge": _judge,
    "confirm": _confirm,
    "compare": _compare,
    "name": _name,
    "merge": _merge,
    "split": _split,
    "accept": _accept,
    "reject": _reject,
    "reopen": _reopen,
    "undo": _undo,
}


def _deciding(library: Library) -> list[tuple[str, Callable[[JsonObject], Json]]]:
    """Path and function of each decision; the functions return the new state."""

    def deciding(decide: Callable[[Library, JsonObject], None]) -> Callable[[JsonObject], Json]:
        def run(body: JsonObject) -> Json:
            decide(library, body)
            return state.state(library)

        return run

    return [(f"/api/{word}", deciding(decide)) for word, decide in DECISIONS.items()]


def _text(body: JsonObject, key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{key} is missing")
    return _plain(value)


def _texts(body: JsonObject, key: str) -> list[str]:
    """A list of film-people, each as `film:key`."""
    values = body.get(key, [])
    found = [_plain(value) for value in values if isinstance(value, str)] if isinstance(values, list) else []
    if not isinstance(values, list) or len(found) < len(values) or len(values) > MARKS:
        raise InputError(f"{key} is a list of people of films")
    return found


def _pairs(body: JsonObject, key: str) -> list[tuple[str, str]]:
    """A list of pairs of people."""
    values = body.get(key, [])
    pairs = [pair for pair in values if isinstance(pair, list)] if isinstance(values, list) else []
    found = [(_plain(a), _plain(b)) for a, b in (p for p in pairs if len(p) == 2)
             if isinstance(a, str) and isinstance(b, str)]  # fmt: skip
    if not isinstance(values, list) or len(found) < len(values) or len(values) > MARKS:
        raise InputError(f"{key} is a list of pairs of people")
    return found


def _author(body: JsonObject) -> str:
    author = body.get("author", "")
    return _plain(author[:200]) if isinstance(author, str) else ""


def _plain(text: str) -> str:
    """A text without lone surrogates, which JSON can have and a catalogue cannot."""
    return text.encode("utf-8", "replace").decode()


def _files(shelf: Shelf) -> list[Route]:
    """The routes of the page, its scripts and styles, pictures and films."""
    from starlette.responses import HTMLResponse, Response
    from starlette.routing import Route

    def page(request: Request) -> Response:
        return HTMLResponse((files("castlist.library.review") / "static/library.html").read_text("utf-8"))

    def thumb(request: Request) -> Response:
        try:
            data = shelf.picture(request.path_params["film"], request.path_params["name"])
        except CastlistError:
            return Response(status_code=404)
        return Response(data, media_type="image/jpeg")

    def film(request: Request) -> Response:
        try:
            file, path = shelf.film(request.path_params["film"]).file()
        except CastlistError:
            return Response(status_code=404)
        return part(file, path.name, request)

    return [
        Route("/", page),
        Route("/static/{name}", asset(ASSETS)),
        Route("/thumb/{film}/{name}", thumb),
        Route("/film/{film}", film),
    ]
