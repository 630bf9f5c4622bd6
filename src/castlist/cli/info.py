"""castlist info: what a workspace holds."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from castlist.cli.options import WORKSPACE

if TYPE_CHECKING:
    from castlist.store import Workspace

PROPOSED = 10  # proposed names listed, of more

EXAMPLES = """
\b
Examples:
  castlist info film.castlist
  castlist info film.castlist --json | jq .cast
"""


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=WORKSPACE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(workspace: Path, as_json: bool) -> None:
    """Say what WORKSPACE (film.castlist) holds: film, scan, cast, decisions, runs, and how large it is."""
    from castlist.cli.output import print_people, visible
    from castlist.io import plain_json
    from castlist.pipeline.outlook import outlook
    from castlist.store import Workspace

    with Workspace.open(workspace, write=False) as opened:
        found = opened.summary()
        cast = opened.cast() if found["cast"] else None
        left = outlook(opened) if cast is not None and not as_json else None
        proposed = _proposed(opened) if found["proposed_names"]["kept"] and not as_json else []
    if as_json:
        click.echo(plain_json.text(found))
        return
    for name, value in found.items():
        click.echo(f"{name.replace('_', ' '):<15}{_plain(_words(name, value))}")
    if cast is not None:
        click.echo()
        print_people(cast, left)
        folder = shlex.quote(visible(str(workspace)))
        for line in proposed[:PROPOSED]:
            click.echo(visible(line, 200))
        if proposed:
            more = f" ({len(proposed) - PROPOSED} more)" if len(proposed) > PROPOSED else ""
            click.echo(f"Say yes or no: castlist review {folder}, or castlist propose {folder}{more}")
        if left is not None and left.clicks:
            click.echo(f"Next: castlist review {folder}, about {left.clicks} click{'s' * (left.clicks > 1)}")


def _proposed(opened: Workspace) -> list[str]:
    """The names that are proposed now, a line each."""
    from castlist.decisions import apply, standing

    base, video = opened.machine(), opened.video()
    if base is None or video is None:
        return []
    view = apply(base, video, opened.decisions.all())
    return [
        f"Proposed: {view.groups[who].called} is {row.name}? (from {row.source})"
        for who, rows in sorted(standing(opened.proposals.all(), view).items())
        for row in rows
    ]


def _words(name: str, value: Any) -> str:
    if value is None:
        return "none yet"
    if name == "film":
        size = f"{value['width']}×{value['height']}, {value['seconds']:.1f} s, {value['codec']}".rstrip(", ")
        start = f", timecode {value['timecode']}" if value["timecode"] else ""
        gone = "" if value["there"] else "; the file is not there any more"
        return f"{value['path']} ({size}{start}{gone})"
    if name == "bytes":
        return ", ".join(f"{part} {n / 1e6:.1f} MB" for part, n in value.items())
    if name == "last_run":
        end = f"finished {value['finished']}" if value["finished"] else "interrupted, or still at work"
        return f"castlist {value['version']}, started {value['started']}, {end}"
    if name == "scans":
        state = {True: "complete", False: "not complete"}
        return "; ".join(
            f"{s['frames']} frames in {s['segments']} segments, {state[s['complete']]}" for s in value
        )
    if name == "cast":
        value = {part: n for part, n in value.items() if part != "better_turned"}
    if isinstance(value, dict):
        return ", ".join(f"{n} {part.replace('_', ' ')}" for part, n in value.items())
    return str(value)


def _plain(text: str) -> str:
    """Text that cannot steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
