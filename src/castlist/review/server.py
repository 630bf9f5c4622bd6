"""The HTTP server of a review page: one address, few connections, until it is told to stop."""

from __future__ import annotations

import os
import signal
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.argument_types import typed_arguments
from castlist.errors import InputError
from castlist.review.access import LOOPBACK, Access, written
from castlist.review.publisher import published
from castlist.review.routes import Projection, application
from castlist.review.session import Session

if TYPE_CHECKING:
    import asyncio

    import uvicorn
    from starlette.applications import Starlette

__all__ = ["ending", "serve", "serve_page"]

FIRST_PORT = 49_152  # the first of the ports that are never assigned [RFC 6335]
CONNECTIONS = 128  # at the same time; a browser opens six
SPARE = 64  # file descriptors reserved for everything but connections
REQUEST_SECONDS = 15.0  # seconds for a complete request, after which the connection is closed
LEAVING_SECONDS = 2  # seconds for open responses at the end; a response with a film may never end
ENDS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@typed_arguments
def serve(
    place: str | Path,
    *,
    port: int = 0,
    host: str = LOOPBACK,
    film: str | Path | None = None,
    ready: Callable[[str], None] = lambda url: None,
    invited: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve the review of a workspace until it is interrupted (SIGINT, SIGTERM or SIGHUP).

    Args:
        port: 0 for a free port, the same one for each review of the workspace if possible: a page that is
            still open can then be used with the next review.
        host: the address to listen on: this machine only, or one of its addresses in a network, or "0.0.0.0"
            for all of them. There is no encryption: use a trusted network.
        film: path of the film, if it is not where the workspace says.
        ready: called with the address and its one-time token once the page is there.
        invited: called with another address after each used one, for another browser.

    Raises:
        WorkspaceError: the workspace cannot be reviewed.
        InputError: the server cannot listen on the address or port, or `film` is not this workspace's film.
    """
    with ExitStack() as stack:
        session = Session.open(place)
        # until the session is closed: a second Ctrl-C does not interrupt saving
        ended = stack.enter_context(ending())
        stack.enter_context(session)
        stack.enter_context(published(session))
        projection = Projection.of(session)
        stack.callback(projection.proxy.close)
        if film is not None:
            projection.film.point(Path(film))

        def app(access: Access, invited: Callable[[str], None]) -> Starlette:
            return application(session, access, projection=projection, invited=invited)

        usual = usual_port(session.path)
        serve_page(app, ended, port=port, usual=usual, host=host, ready=ready, invited=invited)


def serve_page(
    page: Callable[[Access, Callable[[str], None]], Starlette],
    ended: threading.Event,
    *,
    port: int = 0,
    usual: int = 0,
    host: str = LOOPBACK,
    ready: Callable[[str], None] = lambda url: None,
    invited: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve an application behind its access checks until an event is set; arguments as for `serve`.

    Args:
        page: makes the application (ASGI) from its `Access` and a function to call with each new token.
        usual: the port to listen on if `port` is 0 and this one is free.

    Raises:
        InputError: the server cannot listen on the address or port.
    """
    with ExitStack() as stack:
        ear = _unless_taken(host, usual) if usual and not port else None
        ear = stack.enter_context(ear or _listening(host, port))
        number = ear.getsockname()[1]
        access = Access(number, host)
        shown = written(_own_address() if host in ("0.0.0.0", "::") else host)  # noqa: S104

        def tell(listener: Callable[[str], None], token: str) -> None:
            with suppress(OSError):  # the terminal may be gone
                listener(f"http://{shown}:{number}/?token={token}")

        server = _server(page(access, lambda token: tell(invited, token)), ended)
        tell(ready, access.invite())
        server.run(sockets=[ear])


def usual_port(path: Path) -> int:
    """The same port for the same workspace each time, one of those that are never assigned [RFC 6335]."""
    return FIRST_PORT + zlib.crc32(os.fsencode(path.resolve())) % (65_536 - FIRST_PORT)


def _unless_taken(host: str, port: int) -> socket.socket | None:
    """A socket that listens on a port; None if the port is in use or not allowed."""
    try:
        return _listening(host, port)
    except InputError:
        return None


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens on an address of this machine."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        ear = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InputError(
            f"{host!r} is not an address; give one of this machine, as in 192.168.1.20"
        ) from None
    try:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.bind(address)
        ear.listen(64)
    except OSError as error:
        ear.close()
        why = (error.strerror or str(error)).lower()
        raise InputError(f"cannot listen on {host}, port {port}: {why}") from None
    return ear


def _own_address() -> str:
    """This machine's address in its network, or loopback without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        # Sends nothing: the system only selects the source address [RFC 5737].
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return LOOPBACK


@contextmanager
def ending() -> Iterator[threading.Event]:
    """An event set by Ctrl-C, SIGTERM or a closed terminal: current work is then ended and saved."""
    ended = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield ended
        return
    before = {s: signal.signal(s, lambda *_: ended.set()) for s in ENDS}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _server(app: Starlette, ended: threading.Event) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        """uvicorn's server, ended only by the event; its loop does not print clients' errors."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            import asyncio

            asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
            await super().startup(sockets)

        async def on_tick(self, counter: int) -> bool:
            self.should_exit = self.should_exit or ended.is_set()
            return await super().on_tick(counter)

    config = uvicorn.Config(
        app, http=_protocol(_connections()), ws="none", lifespan="off", backlog=64, log_level="critical",
        access_log=False, server_header=False, timeout_graceful_shutdown=LEAVING_SECONDS,
    )  # fmt: skip
    return Server(config)


def _connections() -> int:
    """The most connections, so that file descriptors are left for everything else."""
    try:
        import resource
    except ImportError:
        return CONNECTIONS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if soft == resource.RLIM_INFINITY else max(8, min(CONNECTIONS, soft - SPARE))


def _protocol(most: int) -> type[asyncio.Protocol]:
    """uvicorn's HTTP/1.1; closes connections with late incomplete requests, and the oldest of too many."""
    from h11 import IDLE, SEND_BODY
    from uvicorn.protocols.http.h11_impl import H11Protocol

    waiting: dict[Protocol, asyncio.TimerHandle] = {}  # connection -> its timer, the oldest first

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
            super().connection_made(transport)
            self._watch()
            if len(self.connections) > most:
                next(iter(waiting)).drop()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def on_response_complete(self) -> None:
            self._forget()  # the next request has its own time
            super().on_response_complete()
            self._watch()

        def drop(self) -> None:
            self._forget()
            self.connections.discard(self)
            self.transport.abort()

        def _watch(self) -> None:
            """Set the timer until the request is complete."""
            if self.conn.their_state not in (IDLE, SEND_BODY):
                self._forget()
            elif self not in waiting and not self.transport.is_closing():
                waiting[self] = self.loop.call_later(REQUEST_SECONDS, self.drop)

        def _forget(self) -> None:
            timer = waiting.pop(self, None)
            if timer is not None:
                timer.cancel()

    return Protocol
