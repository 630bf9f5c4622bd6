"""castlist mcp: the cast for assistants."""

from __future__ import annotations

from pathlib import Path

import click

from castlist.cli.options import WORKSPACE


@click.command(
    epilog="""\b
Examples:
  castlist mcp film.castlist                 the assistant starts this command itself
  castlist mcp film.castlist --write         the assistant may also rename and merge people
In an assistant's settings: {"command": "castlist", "args": ["mcp", "/films/film.castlist"]}
""",
)
@click.argument("workspace", type=WORKSPACE)
@click.option(
    "--write",
    is_flag=True,
    help="Let the assistant rename and merge people and answer proposed names; all of it can be undone.",
)
def command(workspace: Path, write: bool) -> None:
    """Answer an assistant's questions about the cast of WORKSPACE, by the Model Context Protocol.

    The assistant can ask who appears, when, and together with which people. It can change nothing unless
    --write is given. castlist opens no network connection.
    """
    from castlist.serve import Answers, server

    Answers(workspace).cast()  # a missing cast is reported here, not in every answer
    server(workspace, write=write).run("stdio")
