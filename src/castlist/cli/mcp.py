"""castlist mcp: the cast for assistants."""

from __future__ import annotations

from pathlib import Path

import click

from castlist.cli.options import WORKSPACE


@click.command(
    epilog="""\b
Examples:
  castlist mcp film.castlist                 an assistant starts this, and speaks to it over stdin and stdout
  castlist mcp film.castlist --write         it may rename and merge people and answer proposed names, too
In an assistant's settings: {"command": "castlist", "args": ["mcp", "/films/film.castlist"]}
""",
)
@click.argument("workspace", type=WORKSPACE)
@click.option(
    "--write",
    is_flag=True,
    help="Let it rename and merge people and answer proposed names; all can be undone.",
)
def command(workspace: Path, write: bool) -> None:
    """Answer an assistant's questions about the cast of WORKSPACE, by the Model Context Protocol.

    Who appears, when, with whom; read-only unless --write is given. Nothing listens on the network.
    """
    from castlist.serve import Answers, server

    Answers(workspace).cast()  # so that a workspace without a cast is said here and not in every answer
    server(workspace, write=write).run("stdio")
