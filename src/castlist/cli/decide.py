"""castlist decide: what the review page does, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from castlist.cli.options import WORKSPACE, people_named
from castlist.errors import InputError

ACTIONS = (
    "merge", "split", "move", "name", "same", "different", "unsure", "not-a-face", "hide", "background",
    "foreground", "restore", "sort", "undo", "redo", "list", "history", "questions", "sheet", "import",
)  # fmt: skip

EXAMPLES = """
\b
Examples:
  castlist decide film.castlist list
  castlist decide film.castlist merge p1 p4 Anna
  castlist decide film.castlist name p1 "Anna Lindqvist"
  castlist decide film.castlist split 12 15          tracks, into a person of their own
  castlist decide film.castlist move 12 15 p4        tracks, to another person
  castlist decide film.castlist sort 12=p3 15=p3 20=  many at once; 20 to nobody of them
  castlist decide film.castlist undo
  castlist decide copy.castlist import film.castlist  what was decided about another copy of the film
"""


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=WORKSPACE)
@click.argument("action", type=click.Choice(ACTIONS))
@click.argument("what", nargs=-1, shell_complete=people_named)
@click.option("--author", default="", help="Who decides; kept with the decision.")
@click.option("--offset", type=float, help="import: seconds by which this copy of the film runs later.")
def command(workspace: Path, action: str, what: tuple[str, ...], author: str, offset: float | None) -> None:
    """Decide something about the cast of WORKSPACE: people are p1, Person 2 or names, tracks are numbers."""
    from castlist.cli.output import visible
    from castlist.io import plain_json
    from castlist.review.session import Session

    looks: dict[str, Callable[[Any], Any]] = {
        "list": _list, "history": Session.history, "questions": Session.questions, "sheet": Session.sheet,
    }  # fmt: skip
    with Session.open(workspace) as session:
        if action in looks:
            click.echo(plain_json.text(looks[action](session)))
            return
        if action == "import":
            _import(session, what, offset)
        else:
            if action in ("undo", "redo"):
                number = session.undo(author=author, redo=action == "redo")
            else:
                number = session.decide(_request(action, what, session), author=author)
            click.echo(f"decision {number}: {visible(session.history()[0]['what'], 400)}")
        if not session.save():
            click.echo("a run is at work on this workspace; it will renew the cast when it ends", err=True)


def _import(session: Any, what: tuple[str, ...], offset: float | None) -> None:
    """Take over what was decided about another copy, and say what was not."""
    from fractions import Fraction

    from castlist.cli.output import visible

    if len(what) != 1:
        raise InputError("name one workspace to take the decisions from, as in: import film.castlist")
    if offset is not None and not abs(offset) < 1e6:
        raise InputError("an offset is a number of seconds, as in --offset -3.2")
    how, carried = session.take_over(
        what[0], offset=None if offset is None else Fraction(offset).limit_denominator(1000)
    )
    pace = f", {float(how.speed):.5f} times as long" if how.speed != 1 else ""
    later = "later" if how.offset >= 0 else "earlier"
    agree = f" ({how.agreeing} of {how.tracks} tracks agree)" if offset is None else ""
    click.echo(f"this copy runs {abs(float(how.offset)):.3f} s {later}{pace}{agree}")
    known = f", {carried.known} were here already" if carried.known else ""
    click.echo(f"{len(carried.decisions)} decisions taken over{known}")
    for left in carried.left:
        done = "not taken over" if left.wholly else "taken over in part"
        click.echo(visible(f"decision {left.decision.id} ({_plain(left.decision)}) {done}: {left.why}"))


def _plain(made: Any) -> str:
    from castlist.report.words import clean
    from castlist.review.history import sentence

    return clean(sentence(made), 120)


def _list(session: Any) -> list[dict[str, Any]]:
    people = session.state()["people"]
    return [
        {"id": p["id"], "name": p["name"], "seconds": p["seconds"], "tracks": p["tracks"],
         "fate": "background" if p["fate"] else "person"} for p in people
    ]  # fmt: skip


def _request(action: str, what: tuple[str, ...], session: Any) -> dict[str, Any]:
    """Words of the command line as a request."""
    if action == "name":
        return {"action": action, "person": what[0] if what else "", "name": " ".join(what[1:])}
    if action == "sort":
        return {"action": action, "items": [_item(word, session) for word in what]}
    people = [w for w in what if not _is_track(w)]
    tracks = [int(w) for w in what if _is_track(w)]
    request: dict[str, Any] = {"action": action}
    if action == "move":
        request["person"] = people[0] if people else ""
    elif people:
        request["people"] = people
    if tracks:
        request["tracks"] = tracks
    return request


def _is_track(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 16


def _item(word: str, session: Any) -> dict[str, Any]:
    """12=p3, a track and its person, or 12= for a person of its own."""
    track, sign, person = word.partition("=")
    if not sign or not _is_track(track):
        raise InputError(f"write a track and its person, as in 12=p3; got {word!r}")
    if not person:
        return {"track": int(track), "to": None}
    return {"track": int(track), "to": session.witness(person, int(track))}
