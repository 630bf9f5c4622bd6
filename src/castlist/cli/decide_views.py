"""What `castlist decide` prints about a workspace: its people, its history, open questions."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from castlist.cli.output import table, visible
from castlist.clock_times import clock_time
from castlist.shell_words import shell_path

if TYPE_CHECKING:
    from castlist.review.people import Listed
    from castlist.review.session import Session

VIEWS = ("list", "history", "questions", "sheet")  # the last two are only for programs
NAME, SENTENCE = 60, 300  # characters of a name and of a decision in a table


def show(session: Session, view: str, as_json: bool) -> None:
    """Print one of the VIEWS: people and history as tables at a terminal, otherwise as JSON."""
    from castlist.io import plain_json

    read = sys.stdout.isatty() and not as_json
    if view == "list" and read:
        _print_people(session)
    elif view == "history" and read:
        _print_history(session)
    else:
        found = {"list": lambda: _people(session), "history": session.history,
                 "questions": session.questions, "sheet": session.sheet}  # fmt: skip
        click.echo(plain_json.text(found[view]()))


def _people(session: Session) -> list[dict[str, object]]:
    """All people, as JSON values."""
    return [
        {"id": p["id"], "name": p["name"], "seconds": p["seconds"], "tracks": p["tracks"],
         "fate": "background" if p["fate"] else "person",
         "proposed": [{"name": q["name"], "from": q["from"], "agree": q["agree"]} for q in p["proposed"]]}
        for p in session.state()["people"]
    ]  # fmt: skip


def _print_people(session: Session) -> None:
    """Print a table of all people, with the id by which a decision names each."""
    people = session.state()["people"]
    if not people:
        click.echo("No people: no face of this film belongs to its cast.")
        return
    rows = [
        (p["id"], visible(p["name"], NAME) or f"Person {p['id'][1:]}", clock_time(p["seconds"]),
         str(p["tracks"]), _notes(p))
        for p in people
    ]  # fmt: skip
    table(("Id", "Person", "On screen", "Tracks", ""), rows, right=("On screen", "Tracks"))
    film = shell_path(visible(str(session.path)))
    click.echo(f"To name a person: castlist decide {film} name {people[0]['id']} Anna")


def _notes(person: Listed) -> str:
    """Further facts about a person."""
    notes = ["background"] if person["fate"] else []
    notes += ["confirmed"] if person["confirmed"] else []
    notes += [f"{visible(row['name'], NAME)}? ({visible(row['from'], NAME)})" for row in person["proposed"]]
    return ", ".join(notes)


def _print_history(session: Session) -> None:
    """Print a table of all decisions, newest first."""
    history = session.history()
    if not history:
        click.echo("No decisions yet.")
        return
    rows = [
        (str(row["id"]), _local(str(row["when"])), visible(str(row["who"]), NAME),
         visible(str(row["what"]), SENTENCE) + (" (undone)" if row["undone"] else ""))
        for row in history
    ]  # fmt: skip
    table(("No.", "When", "Author", "Decision"), rows, right=("No.",))
    film = shell_path(visible(str(session.path)))
    click.echo(f"To undo one: castlist decide {film} undo {history[0]['id']}")


def _local(time: str) -> str:
    """An ISO time in this machine's time zone, to the minute; "" where none is stored."""
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M") if time else ""
