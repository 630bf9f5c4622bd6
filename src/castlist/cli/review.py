"""castlist review: the page on which a user checks and corrects a cast."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

import click

from castlist.cli.options import WORKSPACE, listen_options

EXAMPLES = """
\b
Examples:
  castlist review film.castlist
  castlist review film.castlist --no-browser --port 8765
  castlist review film.castlist --film /archive/film.mov     if the film was moved
  castlist review season                                     a library: the same people in several films
  castlist review film.castlist --host 192.168.1.20          from a phone or tablet too
"""
WARNING = (
    "Warning: every person in the same network who has the link can see this film and change its cast, and "
    "nothing is encrypted. Use --host only in a network that you trust."
)


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=WORKSPACE)
@listen_options
@click.option(
    "--film", type=click.Path(path_type=Path), help="Where the film is now, if it was moved or renamed."
)
@click.option("--browser/--no-browser", default=True, help="Open the page in the browser.")
def command(workspace: Path, port: int, host: str, film: Path | None, browser: bool) -> None:
    """Review the cast of WORKSPACE (film.castlist) in the browser: merge, split, name, answer questions.

    WORKSPACE can also be a library of films: the page then asks which people of different films are the same.

    Only this machine can open the page, unless --host names an address. The printed link works once; then a
    new one is printed. Every decision is saved before the page shows it. Ctrl-C ends the review and saves the
    cast.
    """
    from castlist.library import Library, is_library
    from castlist.review import serve

    listeners = announced(host, browser)
    if is_library(workspace):
        from castlist.library.review import serve as serve_library

        serve_library(Library(workspace), port=port, host=host, **listeners)
    else:
        serve(workspace, film=film, port=port, host=host, **listeners)


class Announced(TypedDict):
    """Callbacks that get the address of a page, and the addresses for further browsers."""

    ready: Callable[[str], None]
    invited: Callable[[str], None]


def announced(host: str, browser: bool) -> Announced:
    """Callbacks that print the addresses of a page, and open it if a browser is wanted."""
    from castlist.review.access import is_loopback

    local = is_loopback(host)

    def ready(url: str) -> None:
        if not local:
            click.echo(WARNING, err=True)
        click.echo(f"Review the cast at {url}\nCtrl-C ends it.", err=True)
        if browser:
            with suppress(OSError):
                click.launch(url)

    def announce_again(url: str) -> None:
        click.echo(f"For another browser: {url}", err=True)

    return {"ready": ready, "invited": announce_again}
