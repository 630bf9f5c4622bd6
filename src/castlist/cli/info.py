"""castlist info: the contents of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from castlist.cli.options import WORKSPACE
from castlist.clock_times import how_long
from castlist.shell_words import shell_path

if TYPE_CHECKING:
    from castlist.store import Workspace
    from castlist.store.summary import FilmSummary, LastRun, ScanCounts, Summary

NONE = "none yet"  # printed for a part that the workspace does not have
PROPOSED = 10  # proposed names that are listed

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
    """Print what WORKSPACE (film.castlist) contains: film, scans, cast, decisions, runs, and its size."""
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
    for name, text in _lines(found).items():
        click.echo(f"{name:<15}{_plain(text)}")
    if cast is not None:
        click.echo()
        print_people(cast, left)
        folder = shell_path(visible(str(workspace)))
        for line in proposed[:PROPOSED]:
            click.echo(visible(line, 200))
        if proposed:
            more = f" ({len(proposed) - PROPOSED} more)" if len(proposed) > PROPOSED else ""
            click.echo(f"Accept or reject them: castlist review {folder}, or castlist propose {folder}{more}")
        if left is not None and left.clicks:
            click.echo(f"Next: castlist review {folder}, about {left.clicks} click{'s' * (left.clicks > 1)}")


def _proposed(opened: Workspace) -> list[str]:
    """The open proposed names, one line each."""
    from castlist.review.proposed import open_names

    return [
        f"Proposed: {person.called} is {row.name}? (from {row.source})" for person, row in open_names(opened)
    ]


def _lines(found: Summary) -> dict[str, str]:
    """One line for each part of the summary, under the part's name."""
    return {
        "workspace": found["workspace"],
        "schema": str(found["schema"]),
        "film": _film(found["film"]) if found["film"] else NONE,
        "scans": "; ".join(map(_scan, found["scans"])),
        "cast": _counts({k: n for k, n in found["cast"].items() if k not in ("better_turned", "negative")})
        if found["cast"]
        else NONE,
        "decisions": _decisions(found["decisions"]),
        "proposed names": _names(found["proposed_names"]),
        "runs": str(found["runs"]),
        "last run": _run(found["last_run"]) if found["last_run"] else NONE,
        "bytes": ", ".join(f"{part} {n / 1e6:.1f} MB" for part, n in found["bytes"].items()),
    }


def _film(film: FilmSummary) -> str:
    size = f"{film['width']}×{film['height']}, {how_long(film['seconds'])}, {film['codec']}".rstrip(", ")
    start = f", timecode {film['timecode']}" if film["timecode"] else ""
    gone = "" if film["there"] else "; this file does not exist any more"
    return f"{film['path']} ({size}{start}{gone})"


def _run(run: LastRun) -> str:
    end = f"finished {run['finished']}" if run["finished"] else "interrupted, or still running"
    return f"castlist {run['version']}, started {run['started']}, {end}"


def _scan(scan: ScanCounts) -> str:
    state = "complete" if scan["complete"] else "not complete"
    return f"{_count(scan['frames'], 'frames')} in {_count(scan['segments'], 'segments')}, {state}"


def _decisions(counts: dict[str, int]) -> str:
    """The number of decisions, and how many of them are in effect."""
    return f"{counts['made']} made, {counts['in_force']} in effect" if counts["made"] else NONE


def _names(counts: dict[str, int]) -> str:
    """The number of proposed names, and how many of them were rejected."""
    kept, rejected = counts["kept"], counts["rejected"]
    return NONE if not kept else f"{kept} proposed, {rejected} rejected" if rejected else f"{kept} proposed"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(_count(n, part.replace("_", " ")) for part, n in counts.items())


def _count(n: int, parts: str) -> str:
    """A number and the things counted: 1 person, 2 people; 1 track set aside."""
    noun, space, rest = parts.partition(" ")
    singular = "person" if noun == "people" else noun.removesuffix("s")
    return f"{n} {singular if n == 1 else noun}{space}{rest}"


def _plain(text: str) -> str:
    """Text without characters that control a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
