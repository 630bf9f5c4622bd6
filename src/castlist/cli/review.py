"""castlist review: the page on which a cast is put right."""

from __future__ import annotations

from pathlib import Path

import click

EXAMPLES = """
\b
Examples:
  castlist review film.castlist
  castlist review film.castlist --no-browser --port 8765
"""


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port on this machine; any by default."
)
@click.option("--browser/--no-browser", default=True, help="Open the page in the browser.")
def command(workspace: Path, port: int, browser: bool) -> None:
    """Review the cast of WORKSPACE (film.castlist) in the browser: merge, split, name, answer questions.

    The page is served to this machine only; the printed link works once, then another one is printed.
    Every decision is on disk before the page shows it. Ctrl-C ends; the cast is kept as decided.
    """
    from castlist.review.server import serve

    def ready(url: str) -> None:
        click.echo(f"Review the cast at {url}\nCtrl-C ends it.", err=True)
        if browser:
            click.launch(url)

    def invited(url: str) -> None:
        click.echo(f"For another browser: {url}", err=True)

    serve(workspace, port=port, ready=ready, invited=invited)
