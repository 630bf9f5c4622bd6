"""The review page of a library: questions about people of different films, answered in the browser."""

from __future__ import annotations

from collections.abc import Callable

from castlist.library.library import Library
from castlist.library.review.routes import application
from castlist.review.access import LOOPBACK
from castlist.review.server import ending, serve_page

__all__ = ["serve"]


def serve(
    library: Library,
    *,
    port: int = 0,
    host: str = LOOPBACK,
    ready: Callable[[str], None] = lambda url: None,
    invited: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve the review of a library until it is interrupted (SIGINT, SIGTERM or SIGHUP).

    Several users may review at once, and films may be added meanwhile. The arguments are those of
    `castlist.review.serve`.

    Raises:
        WorkspaceError: the library cannot be read.
        InputError: the address or the port cannot be listened on.
    """
    library.history(1)  # an unreadable library fails before the page is served
    with ending() as ended:
        serve_page(
            lambda access, listeners: application(library, access, invited=listeners),
            ended, port=port, host=host, ready=ready, invited=invited,
        )  # fmt: skip
