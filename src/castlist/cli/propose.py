"""castlist propose: names from files of other programs, for a person to confirm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from castlist.cli.options import WORKSPACE, split_names
from castlist.errors import InputError

if TYPE_CHECKING:
    from castlist.suggest.names import Proposal

EXAMPLES = """
\b
Examples:
  castlist propose film.castlist names.csv                 list who the names most likely are; decide nothing
  castlist propose film.castlist names.csv --apply         name those that are clear
  castlist propose film.castlist edit.otio --apply --only Anna,Bob
  castlist propose film.castlist still.xmp --at 0:01:23.5  face regions of a picture taken then
"""


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=WORKSPACE)
@click.argument("names", type=click.Path(path_type=Path))
@click.option("--at", metavar="TIME", help="When a picture was taken: seconds, 0:01:23.5 or a timecode.")
@click.option("--apply", "apply_", is_flag=True, help="Decide what is clear; without it nothing is decided.")
@click.option("--only", multiple=True, metavar="NAME", help="These names only; repeatable.")
@click.option("--start-timecode", metavar="HH:MM:SS:FF", default="",
              help="Where the film starts in the file's timecodes, by default its own.")  # fmt: skip
@click.option("--rate", metavar="FPS", help="Frames a second of the file's timecodes, by default the film's.")
@click.option("--author", default="", help="Who decides; kept with each decision.")
@click.option("--json", "as_json", is_flag=True, help="Print the proposals as JSON.")
def command(
    workspace: Path,
    names: Path,
    at: str | None,
    apply_: bool,
    only: tuple[str, ...],
    start_timecode: str,
    rate: str | None,
    author: str,
    as_json: bool,
) -> None:
    """Propose names for the people of WORKSPACE from NAMES.

    NAMES is a table (.csv), markers (.otio) or face regions of a picture (.xmp, .jpg). A name is proposed
    for the person whom the file's faces or times fit best. Nothing is decided without --apply, and then only
    what is clear: at least half agrees, nobody else fits nearly as well, and the person has no name yet. All
    else is listed with its reason; castlist decide names whom you choose.
    """
    from castlist.review.session import Session

    with Session.open(workspace) as session:
        found = _proposals(session, names, at, start_timecode, rate)
        if only:
            found = _only(found, only)
        _show(session, found, as_json)
        if apply_:
            _apply(session, found, author, quiet=as_json)
        elif any(p.state == 0 for p in found) and not as_json:
            click.echo("nothing was decided; add --apply to name those that are clear")


def _proposals(session: Any, names: Path, at: str | None, start: str, rate: str | None) -> list[Proposal]:
    from castlist.io.exports import parsed_rate
    from castlist.io.imports import hints
    from castlist.io.imports.files import moment
    from castlist.suggest.names import propose
    from castlist.timecode import timebase

    video, clock = session.video, session.base.clock
    frames = None if rate is None else parsed_rate(rate)
    base = timebase(clock, video.frame_rate, timecode=start or video.timecode, rate=frames)
    read = hints(names, video, base, None if at is None else moment(at, base))
    return propose(read, session.refresh(), session.base.tracks, clock)


def _only(found: list[Proposal], only: tuple[str, ...]) -> list[Proposal]:
    wanted = split_names(only, (p.name for p in found))
    for name in wanted:
        if name not in {p.name for p in found}:
            known = ", ".join(p.name for p in found[:20])
            raise InputError(f"the file does not name {name!r}; it names {known}")
    return [p for p in found if p.name in wanted]


def _show(session: Any, found: list[Proposal], as_json: bool) -> None:
    from castlist.cli.output import visible
    from castlist.io import plain_json
    from castlist.suggest.names import STATES

    if as_json:
        click.echo(plain_json.text([_plain(session, p) for p in found]))
        return
    for p in found:
        who = "nobody" if p.group < 0 else _called(session, p.group)
        what = "of faces" if p.faces else "of the time"
        rest = f", next {_called(session, p.second)} with {p.second_agree:.0%}" if p.second >= 0 else ""
        reason = f" ({p.why})" if p.why else ""
        click.echo(visible(f"{p.name} → {who}: {STATES[p.state]}{reason}; {p.agree:.0%} {what}{rest}", 400))


def _called(session: Any, group: int) -> str:
    """A person as the review calls them, with the id that castlist decide takes."""
    who = session.view.groups[group]
    return f"{who.name} ({who.id})" if who.name else str(who.id)


def _plain(session: Any, p: Proposal) -> dict[str, Any]:
    from castlist.suggest.names import STATES

    groups = session.view.groups
    return {
        "name": p.name,
        "state": STATES[p.state],
        "why": p.why,
        "person": groups[p.group].id if p.group >= 0 else None,
        "agree": round(p.agree, 4),
        "by": "faces" if p.faces else "time",
        "next": groups[p.second].id if p.second >= 0 else None,
        "next_agree": round(p.second_agree, 4),
    }


def _apply(session: Any, found: list[Proposal], author: str, *, quiet: bool) -> None:
    """Name those that are clear, by the ids they had when they were proposed."""
    from castlist.cli.output import visible
    from castlist.suggest.names import CLEAR

    clear = [(p.name, session.view.groups[p.group].id) for p in found if p.state == CLEAR]
    for name, person in clear:
        number = session.decide({"action": "name", "person": person, "name": name}, author=author)
        click.echo(visible(f"decision {number}: {person} is {name}", 400), err=quiet)
    click.echo(f"{len(clear)} named, {len(found) - len(clear)} left as they were", err=quiet)
    if not session.save():
        click.echo("a run is at work on this workspace; it will renew the cast when it ends", err=True)
