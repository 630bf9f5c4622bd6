"""castlist decide: what the review page does, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

ACTIONS = (
    "merge", "split", "move", "name", "same", "different", "unsure", "not-a-face", "hide", "background",
    "foreground", "restore", "undo", "redo", "list", "history", "questions",
)  # fmt: skip

EXAMPLES = """
\b
Examples:
  castlist decide film.castlist list
  castlist decide film.castlist merge p0 p3 p7
  castlist decide film.castlist name p0 "Anna Lindqvist"
  castlist decide film.castlist split 12 15          tracks, into a person of their own
  castlist decide film.castlist move 12 15 p4        tracks, to another person
  castlist decide film.castlist undo
"""


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=click.Path(path_type=Path))
@click.argument("action", type=click.Choice(ACTIONS))
@click.argument("what", nargs=-1)
@click.option("--author", default="", help="Who decides; kept with the decision.")
def command(workspace: Path, action: str, what: tuple[str, ...], author: str) -> None:
    """Decide something about the cast of WORKSPACE: people are p0, p1, ..., tracks are numbers."""
    from castlist.review.session import Session

    with Session.open(workspace) as session:
        if action in ("list", "history", "questions"):
            listed = {"list": _list, "history": Session.history, "questions": Session.questions}[action]
            click.echo(json.dumps(listed(session), ensure_ascii=False, indent=1))
            return
        if action in ("undo", "redo"):
            number = session.undo(author=author, redo=action == "redo")
        else:
            number = session.decide(_request(action, what), author=author)
        click.echo(f"decision {number}: {session.history()[0]['what']}")


def _list(session: Any) -> list[dict[str, Any]]:
    people = session.state()["people"]
    return [
        {"id": p["id"], "name": p["name"], "seconds": p["seconds"], "tracks": p["tracks"],
         "fate": "background" if p["fate"] else "person"} for p in people
    ]  # fmt: skip


def _request(action: str, what: tuple[str, ...]) -> dict[str, Any]:
    """Words of the command line as a request."""
    if action == "name":
        return {"action": action, "person": what[0] if what else "", "name": " ".join(what[1:])}
    people = [w for w in what if not w.isdigit()]
    tracks = [int(w) for w in what if w.isdigit()]
    request: dict[str, Any] = {"action": action}
    if action == "move":
        request["person"] = people[0] if people else ""
    elif people:
        request["people"] = people
    if tracks:
        request["tracks"] = tracks
    return request
