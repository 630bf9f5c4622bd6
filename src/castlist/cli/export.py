"""castlist export: the cast of a workspace in the formats of others."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from castlist.cli.options import WORKSPACE

FORMATS = ("csv", "json", "webvtt", "mot")  # io.exports.EXPORTS, known here without importing it

EXAMPLES = """
\b
Examples:
  castlist export film.castlist --format csv -o faces.csv
  castlist export film.castlist --format webvtt -o film.vtt
  castlist export film.castlist --format json | jq '.people[].name'
"""


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=WORKSPACE)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True,
    help="csv: one row a face; json: the cast with exact times; webvtt: one cue an appearance; "
    "mot: MOTChallenge rows.",
)  # fmt: skip
@click.option(
    "-o", "--output", default="-", help="The file to write, - for standard output.", show_default=True
)
def command(workspace: Path, form: str, output: str) -> None:
    """Write the cast of WORKSPACE (film.castlist) as CSV, JSON, WebVTT or MOTChallenge.

    A file appears whole or not at all. This works while castlist find is at work on the same workspace:
    what is written is the last finished cast.
    """
    from castlist.io.exports import EXPORTS
    from castlist.store import Workspace

    with Workspace.open(workspace, write=False) as opened:
        cast = opened.cast()
    if output != "-":
        EXPORTS[form].write(cast, output)
        return
    EXPORTS[form].write(cast, sys.stdout.buffer)
    sys.stdout.buffer.flush()
