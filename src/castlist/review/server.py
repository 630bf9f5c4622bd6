"""The page over HTTP: loopback only, one-time token, nothing by path, nothing from elsewhere."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from castlist.errors import CastlistError, InputError
from castlist.review.actions import sentence
from castlist.review.page import Page
from castlist.review.session import Session
from castlist.store import Stale

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["Door", "application", "serve"]

LONGEST = 1_000_000  # bytes of a request
HOST = "127.0.0.1"
SCRIPTS = (
    "review", "core", "choose", "grid", "people", "person", "pick", "questions", "sheet", "timeline", "film",
)  # fmt: skip
ASSETS = {
    "look.css": ("castlist.report", "templates/look.css", "text/css"),
    "review.css": ("castlist.review", "static/review.css", "text/css"),
    **{f"{name}.js": ("castlist.review", f"static/{name}.js", "text/javascript") for name in SCRIPTS},
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; media-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Door:
    """Who may come in: tokens, each good for one browser, and the sessions they were exchanged for."""

    def __init__(self, port: int) -> None:
        self.hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        self.cookie = f"castlist-{port}"
        self._tokens: set[str] = set()
        self._sessions: set[str] = set()

    def invite(self) -> str:
        """A new token, good once."""
        token = secrets.token_urlsafe(32)
        self._tokens.add(token)
        return token

    def exchange(self, token: str) -> str | None:
        """A session for a token that was not used before."""
        known = next((t for t in self._tokens if hmac.compare_digest(t.encode(), token.encode())), None)
        if known is None:
            return None
        self._tokens.discard(known)
        session = secrets.token_urlsafe(32)
        self._sessions.add(session)
        return session

    def knows(self, session: str) -> bool:
        return any(hmac.compare_digest(s.encode(), session.encode()) for s in self._sessions)

    def refuses(self, request: Request) -> str:
        """Why a request is refused, "" where it is not; the token is looked at elsewhere."""
        headers = request.headers
        if headers.get("host", "") not in self.hosts:
            return "this address is not the review page's"
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self.hosts:
            return "another page may not talk to the review page"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            opens = request.method == "GET" and request.url.path == "/" and "token" in request.query_params
            if not opens:
                return "another page may not talk to the review page"
        if request.method not in ("GET", "HEAD") and (
            origin is None or headers.get("content-type", "").partition(";")[0] != "application/json"
        ):
            return "decisions come as JSON from the review page itself"
        return ""


def application(
    session: Session, door: Door, *, invited: Callable[[str], None] = lambda token: None
) -> Starlette:
    """The page as an ASGI application; `invited` hears of each new token."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.responses import PlainTextResponse, RedirectResponse

    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        response: Response
        if why := door.refuses(request):
            response = PlainTextResponse(why, 403)
        elif request.url.path == "/" and "token" in request.query_params:
            known = door.exchange(request.query_params["token"])
            if known is None:
                response = PlainTextResponse("this link was used already; ask for a new one", 403)
            else:
                invited(door.invite())
                response = RedirectResponse("/", 303)
                response.set_cookie(door.cookie, known, httponly=True, samesite="strict", path="/")
        elif not door.knows(request.cookies.get(door.cookie, "")):
            response = PlainTextResponse("open the link that castlist review printed", 403)
        else:
            response = await go_on(request)
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    return Starlette(
        routes=_routes(session, door), middleware=[Middleware(BaseHTTPMiddleware, dispatch=guard)]
    )


def _routes(session: Session, door: Door) -> list[Any]:
    from starlette.routing import Route

    page = Page(session)
    return [
        *_files(session),
        *(Route(path, _answer(page, work), methods=["GET"]) for path, work in _looking(page)),
        *(Route(path, _change(page, work), methods=["POST"]) for path, work in _deciding(page, door)),
    ]


def _looking(page: Page) -> list[tuple[str, Callable[[Request], Any]]]:
    """What can be asked, and how it is answered."""
    return [
        ("/api/state", lambda r: page.news()),
        ("/api/changes", lambda r: page.changes(_number(r, "since"))),
        ("/api/questions", lambda r: page.questions()),
        ("/api/history", lambda r: page.session.history()),
        ("/api/person/{id}", lambda r: page.person(r.path_params["id"])),
        ("/api/tracks", lambda r: page.tracks(r.query_params.get("of", ""))),
        ("/api/aside", lambda r: page.aside()),
        ("/api/timeline", lambda r: page.timeline()),
        ("/api/faces", lambda r: page.faces(_number(r, "from"), _number(r, "to"))),
    ]


def _deciding(page: Page, door: Door) -> list[tuple[str, Callable[[Mapping[str, Any]], Any]]]:
    """What can be done; each tells the page what changed by it."""
    session = page.session

    def decide(body: Mapping[str, Any]) -> Any:
        number = session.decide(body, seen=_seen(body), author=_author(body))
        return {"decision": number, "state": page.news(_seen(body))}

    def undo(body: Mapping[str, Any], redo: bool = False) -> Any:
        number = session.undo(seen=_seen(body), author=_author(body), redo=redo)
        return {"decision": number, "state": page.news(_seen(body))}

    return [
        ("/api/decide", decide),
        ("/api/undo", undo),
        ("/api/redo", lambda body: undo(body, redo=True)),
        ("/api/invite", lambda body: {"token": door.invite()}),
    ]


def _answer(page: Page, work: Callable[[Any], Any]) -> Callable[[Any], Response]:
    """A route whose result is JSON and whose errors are sentences."""
    from starlette.responses import JSONResponse

    def route(request: Any) -> Response:
        try:
            return JSONResponse(work(request))
        except Stale as error:
            changes = [f"{d.author or 'somebody'} {sentence(d)}" for d in error.decisions]
            state = page.news(_seen(request))
            return JSONResponse({"error": str(error), "changes": changes, "state": state}, status_code=409)
        except CastlistError as error:
            return JSONResponse({"error": str(error)}, status_code=422)

    return route


def _change(page: Page, work: Callable[[Mapping[str, Any]], Any]) -> Callable[[Request], Awaitable[Response]]:
    """A route that takes JSON and works away from the event loop."""
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse

    async def route(request: Request) -> Response:
        try:
            body = await _body(request)
        except InputError as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        return await run_in_threadpool(_answer(page, work), body)

    return route


def _files(session: Session) -> list[Any]:
    """The page, what it is made of, pictures by opaque name, and the film."""
    from starlette.responses import FileResponse, HTMLResponse, Response
    from starlette.routing import Route

    def page(request: Request) -> Response:
        return HTMLResponse((files("castlist.review") / "static/review.html").read_text("utf-8"))

    def asset(request: Request) -> Response:
        package, name, kind = ASSETS.get(request.path_params["name"], ("", "", ""))
        if not package:
            return Response(status_code=404)
        return Response((files(package) / name).read_text("utf-8"), media_type=kind)

    def thumb(request: Request) -> Response:
        try:
            return Response(session.picture(request.path_params["name"]), media_type="image/jpeg")
        except CastlistError:
            return Response(status_code=404)

    def film(request: Request) -> Response:
        path = session.video.path
        return FileResponse(path) if path.is_file() else Response(status_code=404)

    return [
        Route("/", page),
        Route("/static/{name}", asset),
        Route("/thumb/{name}", thumb),
        Route("/film", film),
    ]


def _number(request: Request, name: str) -> int:
    """A number of the query.

    Raises:
        InputError: there is none.
    """
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InputError(f"say {name} as a whole number, as in {name}=12")
    return int(text)


async def _body(request: Request) -> Mapping[str, Any]:
    """The JSON object of a request.

    Raises:
        InputError: it is too large, or no JSON object.
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


def _seen(body: Mapping[str, Any]) -> int:
    seen = body.get("seen")
    if type(seen) is not int or seen < 0:
        raise InputError("say which decision was the last one seen, as in seen: 12")
    return seen


def _author(body: Mapping[str, Any]) -> str:
    author = body.get("author", "")
    return author if isinstance(author, str) else ""


def serve(
    place: str | Path,
    *,
    port: int = 0,
    ready: Callable[[str], None] = lambda url: None,
    invited: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve the review of a workspace on loopback until it is interrupted.

    Args:
        port: 0 for any that is free.
        ready: told the address with its one-time token once the page is there.
        invited: told another address after each one that was used, for another browser.

    Raises:
        WorkspaceError: the workspace cannot be reviewed.
        OSError: the port is taken.
    """
    import socket

    import uvicorn

    with Session.open(place) as session, socket.socket(socket.AF_INET, socket.SOCK_STREAM) as ear:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.bind((HOST, port))
        number = ear.getsockname()[1]
        door = Door(number)

        def address(token: str) -> str:
            return f"http://{HOST}:{number}/?token={token}"

        app = application(session, door, invited=lambda token: invited(address(token)))
        config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", server_header=False)
        server = uvicorn.Server(config)
        ear.listen(64)
        ready(address(door.invite()))
        with suppress(KeyboardInterrupt):  # how one leaves: nothing is lost
            server.run(sockets=[ear])
