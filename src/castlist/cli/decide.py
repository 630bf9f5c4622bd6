"""castlist decide: the decisions of the review page, from the command line."""

from __future__ import annotations

import codecs
import io
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from castlist.cli.choices import OneOf, unknown
from castlist.cli.decide_views import VIEWS, show
from castlist.cli.options import WORKSPACE, author_option, people_named
from castlist.errors import InputError
from castlist.shell_words import shell_path
from castlist.types import Json

if TYPE_CHECKING:
    from castlist.decisions import Decision
    from castlist.review.session import Session

USAGE = {  # action: (least number of words after it, example)
    "merge": (2, "merge p1 p4 Anna"),
    "split": (1, "split 12 15"),
    "move": (2, "move 12 15 p4"),
    "name": (2, 'name p1 "Anna Lindqvist", or name p1 "" to remove the name'),
    "same": (2, "same 12 15"),
    "different": (2, "different 12 15"),
    "unsure": (2, "unsure 12 15"),
    "not-a-face": (1, "not-a-face 12 15, or not-a-face p4"),
    "hide": (1, "hide p4"),
    "background": (1, "background p4"),
    "foreground": (1, "foreground p4"),
    "restore": (1, "restore 12 15, or restore 12 15 p4"),
    "confirm": (1, "confirm p4, or confirm 12 15"),
    "reject": (1, "reject 12 15"),
    "key": (1, "key 12"),
    "sort": (1, "sort 12=p3 15=p3 20="),
}
ACTIONS = (*USAGE, "undo", "redo", *VIEWS, "import", "-")
MEANT = {  # words of other programs
    "rename": ("name",), "join": ("merge",), "separate": ("split",), "delete": ("hide", "not-a-face"),
    "remove": ("hide", "not-a-face"), "log": ("history",), "people": ("list",), "show": ("foreground",),
}  # fmt: skip

EXAMPLES = """
\b
Examples:
  castlist decide film.castlist list
  castlist decide film.castlist merge p1 p4 Anna       people: p4, "Person 4" or a name
  castlist decide film.castlist name p1 "Anna Lindqvist"
  castlist decide film.castlist split 12 15            tracks, into a person of their own
  castlist decide film.castlist move 12 15 p4          tracks, to another person
  castlist decide film.castlist sort 12=p3 15=p3 20=   many at once; 20 to none of them
  castlist decide film.castlist merge p1 p4 + name p1 Anna + hide p7
  castlist decide film.castlist - < actions.txt        one action a line, as above
  castlist decide film.castlist undo                   undo the last action
  castlist decide film.castlist undo 12                undo decision 12; history lists them
  castlist decide copy.castlist import film.castlist   copy the decisions of another copy of the film
"""


class Action(OneOf):
    """The action: the word after the workspace."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The action; raises click.UsageError, also where the workspace comes after the action."""
        if value not in ACTIONS and Path(value).exists():
            raise click.UsageError(
                f"write the workspace first and then the action: castlist decide {shell_path(value)} list",
                ctx,
            )
        return super().convert(value, param, ctx)


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=WORKSPACE)
@click.argument("action", metavar="ACTION", type=Action("action", ACTIONS, MEANT))
@click.argument("words", metavar="[WHAT]...", nargs=-1, shell_complete=people_named)
@author_option("with the decision")
@click.option("--offset", type=float, help="With import: by how many seconds this copy of the film is later.")
@click.option("--json", "as_json", is_flag=True, help="With list and history: print JSON, at a terminal too.")
def command(
    workspace: Path, action: str, words: tuple[str, ...], author: str, offset: float | None, as_json: bool
) -> None:
    """Correct the cast of WORKSPACE. People are written as p1, "Person 2" or a name, tracks as 12 or t12.

    ACTION is one of merge, split, move, name, same, different, unsure, not-a-face, hide, background,
    foreground, restore, confirm, reject, key, sort, undo, redo, list, history, questions, sheet and import.
    Separate several actions by +, or give - to read them from standard input, one a line. Each action prints
    what it changed. list and history print a table at a terminal, and JSON to a file or another program, as
    questions and sheet always do.
    """
    from castlist.cli.output import warn
    from castlist.review.deciding import deciding

    if offset is not None and action != "import":
        raise click.UsageError("--offset belongs to import, as in: import film.castlist --offset -3.2")
    if as_json and action not in VIEWS:
        raise click.UsageError(
            f"--json belongs to list, history, questions and sheet; {action} prints a line"
        )
    if action in VIEWS and words:
        raise click.UsageError(f"{action} takes nothing after it, and {words[0]!r} was given")
    actions = _written(_lines(sys.stdin)) if action == "-" else _apart((action, *words))
    with deciding(workspace, tell=warn) as session:
        if action in VIEWS:
            show(session, action, as_json)
            return
        if action == "import":
            _import(session, words, offset)
        else:
            _decide(session, actions, author)
        if not session.save():
            click.echo(
                "another castlist is at work on this workspace; your decisions are kept, and it will update "
                "the cast when it ends",
                err=True,
            )


def _apart(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The actions, which + separates on the command line."""
    actions: list[list[str]] = [[]]
    for word in words:
        if word == "+":
            actions.append([])
        else:
            actions[-1].append(word)
    return [tuple(action) for action in actions]


def _lines(stream: TextIO) -> list[str]:
    """The lines of a text in UTF-8, with or without a byte order mark; at a terminal in its encoding."""
    if isinstance(stream, io.TextIOWrapper):
        utf_8 = not stream.isatty() or codecs.lookup(stream.encoding).name == "utf-8"
        stream.reconfigure(encoding="utf-8-sig" if utf_8 else stream.encoding, errors="strict")
    try:
        return stream.readlines()
    except UnicodeDecodeError:
        raise InputError(
            "the actions are not text in UTF-8; save the file in UTF-8 and give it again"
        ) from None


def _written(lines: Iterable[str]) -> list[tuple[str, ...]]:
    """Actions, one a line; empty lines and lines that begin with # are skipped."""
    try:
        return [tuple(shlex.split(line)) for line in lines if line.strip() and not line.startswith("#")]
    except ValueError as error:
        raise InputError(
            f"one of the lines cannot be read ({error}); put names of several words in quotes"
        ) from None


def _decide(session: Session, actions: list[tuple[str, ...]], author: str) -> None:
    """Carry actions out in order, and print each as it is made."""
    from castlist.cli.output import visible

    for k, words in enumerate(actions):
        before = session.together()
        try:
            numbers = _act(session, words, author)
        except InputError as error:
            if len(actions) == 1:
                raise
            made = f"; the {k} before it were carried out" if k else ""
            raise InputError(f"action {k + 1} ({' '.join(words)[:80]}): {error}{made}") from None
        for number in numbers:
            click.echo(f"decision {number}: {visible(session.sentence(number), 400)}")
        if session.together() > before:
            click.echo(
                "This makes one person of faces that are seen in the same frames. If that is wrong: castlist "
                f"decide {shell_path(str(session.path))} undo {numbers[-1]}",
                err=True,
            )


def _act(session: Session, words: tuple[str, ...], author: str) -> list[int]:
    """Carry one action out, and return the numbers of its decisions."""
    from castlist.store.log import again_where_stale

    action, arguments = (words[0], words[1:]) if words else ("", ())
    if action in ("undo", "redo"):
        if arguments and (action == "redo" or len(arguments) > 1 or not _is_track(arguments[0])):
            raise InputError(
                "write undo, redo, or undo 12 with the number of a decision (history lists the numbers)"
            )
        # only the user's own last action is meant, not one that another user made meanwhile
        if not arguments:
            return session.undo_all(author=author, redo=action == "redo")
        return [again_where_stale(lambda: session.undo(int(arguments[0]), author=author))]
    if action not in USAGE:
        raise InputError(unknown("action", action, (*USAGE, "undo", "redo"), MEANT))
    least, usage = USAGE[action]
    if len(arguments) < least:
        raise InputError(f"{action} needs more words; write it as in: {usage}")
    return [again_where_stale(lambda: session.decide(_request(action, arguments, session), author=author))]


def _import(session: Session, arguments: tuple[str, ...], offset: float | None) -> None:
    """Import the decisions about another copy of the film, and print those that were not imported."""
    from fractions import Fraction

    from castlist.cli.output import visible

    if len(arguments) != 1:
        raise InputError("name one workspace whose decisions are to be imported, as in: import film.castlist")
    if offset is not None and not abs(offset) < 1e6:
        raise InputError("--offset takes a number of seconds, as in --offset -3.2")
    alignment, carried = session.take_over(
        arguments[0], offset=None if offset is None else Fraction(offset).limit_denominator(1000)
    )
    pace = f", {float(alignment.speed):.5f} times as long" if alignment.speed != 1 else ""
    later = "later" if alignment.offset >= 0 else "earlier"
    agree = f" ({alignment.agreeing} of {alignment.tracks} tracks agree)" if offset is None else ""
    click.echo(f"this copy of the film is {abs(float(alignment.offset)):.3f} s {later}{pace}{agree}")
    known = f", {carried.known} were already here" if carried.known else ""
    click.echo(f"{len(carried.decisions)} decisions imported{known}")
    for left in carried.left:
        done = "not imported" if left.wholly else "imported in part"
        click.echo(visible(f"decision {left.decision.id} ({_plain(left.decision)}) {done}: {left.why}"))


def _plain(made: Decision) -> str:
    from castlist.report.formatting import short_line
    from castlist.review.history import sentence

    return short_line(sentence(made), 120)


def _request(action: str, arguments: tuple[str, ...], session: Session) -> dict[str, Json]:
    """The words of an action as a request to the review session."""
    from castlist.review.actions import TAKES

    if action == "name":
        _check_one_action(arguments[2:])
        return {
            "action": action,
            "person": arguments[0] if arguments else "",
            "name": " ".join(arguments[1:]),
        }
    if action == "sort":
        return {"action": action, "items": [_item(word, session) for word in arguments]}
    takes = TAKES[action]
    people, tracks = _told_apart(arguments, takes, session)
    if people and not {"people", "person"} & set(takes):
        raise InputError(
            f"{action} takes numbers of tracks, and {str(people[0])[:40]!r} is not a number: "
            f"{USAGE[action][1]}"
        )
    if tracks and not {"tracks", "track"} & set(takes):
        raise InputError(f"{action} takes people, and {tracks[0]} is a track's number: {USAGE[action][1]}")
    request: dict[str, Json] = {"action": action}
    if action == "move" or (action == "restore" and people):
        if len(people) != 1:
            raise InputError(f"{action} takes tracks and one person, as in: {USAGE[action][1]}")
        request["person"] = people[0]
    elif people:
        request["people"] = people
    if action == "key":
        if len(tracks) != 1:
            raise InputError(f"key takes the number of one track, as in: {USAGE[action][1]}")
        request["track"] = tracks[0]
    elif tracks:
        request["tracks"] = tracks
    return request


def _told_apart(
    words: tuple[str, ...], takes: tuple[str, ...], session: Session
) -> tuple[list[Json], list[Json]]:
    """The people and the tracks among the words after an action.

    Raises:
        InputError: the action takes both, and a word is the name of a person and also the number of a track.
    """
    from castlist.decisions import track_called, track_number

    if not {"people", "person"} & set(takes):
        meant = {w: track_number(w) for w in words}
    elif not {"tracks", "track"} & set(takes):  # a word such as "7" is then a person's name
        named = {g.name for g in session.view.groups}
        meant = {w: None if w in named else track_number(w) for w in words}
    else:
        meant = {w: track_called(session.view, w) for w in words}
    tracks: list[Json] = [number for w in words if (number := meant[w]) is not None]
    return [w for w in words if meant[w] is None], tracks


def _check_one_action(words: tuple[str, ...]) -> None:
    """Refuse a name of several words that seems to contain further actions, such as "Anna hide p7".

    Raises:
        InputError: the name contains an action, and the number of a person or track after it.
    """
    for k, word in enumerate(words):
        if word in ACTIONS and any(re.fullmatch(r"[pt]?\d+", each, re.ASCII) for each in words[k + 1 :]):
            raise InputError(
                f"the name has the action {word} in it; write + before each further action, as in: "
                f"name p1 Anna + {word} p7; or put the name in quotes"
            )


def _is_track(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 16


def _item(word: str, session: Session) -> dict[str, Json]:
    """12=p3 is a track and its person; 12= is a track that becomes a person of its own."""
    track, sign, person = word.partition("=")
    if not sign or not _is_track(track):
        raise InputError(f"write a track and its person, as in 12=p3; got {word!r}")
    if not person:
        return {"track": int(track), "to": None}
    return {"track": int(track), "to": session.witness(person, int(track))}
