"""Access to the review page: one-time links, the sessions that they open, and the checks of each request."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LOOPBACK", "Access", "AccessMiddleware"]

LOOPBACK = "127.0.0.1"
TOKEN = 12  # bytes: 96 bits, 16 characters, short enough to type on a phone
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; media-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TRUSTED = {"Cross-Origin-Opener-Policy": "same-origin"}  # browsers accept this only from loopback and HTTPS

log = logging.getLogger(__name__)


class Access:
    """The tokens of a server, each valid for one browser, and the sessions of these browsers.

    Args:
        port: the port that the server listens on.
        host: the address that the server listens on; if it is not loopback, other machines may open the page.
    """

    def __init__(self, port: int, host: str = LOOPBACK) -> None:
        self.port = port
        self.local = is_loopback(host)
        self.names = {f"{written(host)}:{port}", f"{LOOPBACK}:{port}", f"localhost:{port}"}
        self.cookie = f"castlist-{port}"
        self._tokens: set[str] = set()
        self._sessions: set[str] = set()

    def invite(self) -> str:
        """A new token, valid once."""
        token = secrets.token_urlsafe(TOKEN)
        self._tokens.add(token)
        return token

    def exchange(self, token: str) -> str | None:
        """A new session for an unused token, else None."""
        known = next((t for t in self._tokens if hmac.compare_digest(t.encode(), token.encode())), None)
        if known is None:
            return None
        self._tokens.discard(known)
        session = secrets.token_urlsafe(32)
        self._sessions.add(session)
        return session

    def has_session(self, session: str) -> bool:
        return any(hmac.compare_digest(s.encode(), session.encode()) for s in self._sessions)

    def serves_host(self, host: str) -> bool:
        """Whether a Host header names this server; other names may come from an attack (DNS rebinding)."""
        if host in self.names:
            return True
        name, _, port = host.rpartition(":")
        return not self.local and port == str(self.port) and is_address(name)

    def refusal(self, request: Request) -> str:
        """The reason to refuse a request, "" for none; token and session are checked later."""
        headers = request.headers
        if not self.serves_host(headers.get("host", "")):
            return "this is not the address of the review page; use the link that castlist printed"
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{headers.get('host')}":
            return "requests from other pages are refused"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            opens = request.method == "GET" and request.url.path == "/" and "token" in request.query_params
            if not opens:
                return "requests from other pages are refused"
        if request.method not in ("GET", "HEAD") and (
            origin is None or headers.get("content-type", "").partition(";")[0] != "application/json"
        ):
            return "decisions come as JSON from the review page itself"
        return ""


class AccessMiddleware:
    """Refuses requests without a session, and adds the security headers to every response."""

    def __init__(self, app: ASGIApp, access: Access, invited: Callable[[str], None]) -> None:
        self.app, self.access, self.invited = app, access, invited
        headers = HEADERS | (TRUSTED if access.local else {})
        self._headers = [(k.lower().encode(), v.encode()) for k, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                names = {name for name, _ in self._headers}
                given = [(k, v) for k, v in message.get("headers", []) if k.lower() not in names]
                message = {**message, "headers": [*given, *self._headers]}
            await send(message)

        try:
            await self._inside(scope, receive, guarded)
        except Exception:
            log.debug("a request could not be answered", exc_info=True)
            if begun:
                raise  # the response has begun: the connection is closed
            await self._respond(
                "castlist could not answer this; please report it", 500, scope, receive, guarded
            )

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.requests import Request

        request = Request(scope, receive)
        if why := self.access.refusal(request):
            await self._respond(why, 403, scope, receive, send)
        elif scope["path"] == "/" and "token" in request.query_params:
            await self._open(request, scope, receive, send)
        elif not self._known(request):
            await self._respond(
                "open the link that castlist review printed in its terminal", 403, scope, receive, send
            )
        else:
            await self.app(scope, receive, send)

    def _known(self, request: Request) -> bool:
        return self.access.has_session(request.cookies.get(self.access.cookie, ""))

    async def _open(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Exchange a token for a session: only once, and only for a browser that really opens the page."""
        from starlette.responses import RedirectResponse

        if self._known(request):  # this browser has a session: the link stays valid for another one
            await RedirectResponse("/", 303)(scope, receive, send)
            return
        if request.method != "GET" or _only_looks(request):
            await self._respond("open this link in a browser", 405, scope, receive, send)
            return
        session = self.access.exchange(request.query_params["token"])
        if session is None:
            await self._respond(
                "this link was used already; the terminal of castlist review shows a new one",
                403,
                scope,
                receive,
                send,
            )
            return
        self.invited(self.access.invite())
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self.access.cookie, session, httponly=True, samesite="strict", path="/")
        await answer(scope, receive, send)

    async def _respond(self, text: str, status: int, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.responses import PlainTextResponse

        await PlainTextResponse(text, status)(scope, receive, send)


def _only_looks(request: Request) -> bool:
    """Whether a browser prefetches the link, or requests it for another purpose than showing it."""
    headers = request.headers
    ahead = "prefetch" in (headers.get("sec-purpose", "") + headers.get("purpose", "")).lower()
    return ahead or headers.get("sec-fetch-dest", "document") != "document"


def is_address(name: str) -> bool:
    """Whether a host is written as an address, so that no name server is needed."""
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether an address, as typed, is only of this machine."""
    return host == "localhost" or (is_address(host) and ip_address(host).is_loopback)


def written(host: str) -> str:
    """An address as in a URL: in brackets if it contains colons."""
    return f"[{host}]" if ":" in host else host
