"""castlist propose: names from files of other programs, which a user confirms or rejects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castlist.cli.options import GIVEN, WORKSPACE, author_option, split_names
from castlist.cli.proposed import answer_options, of_one_person
from castlist.errors import InputError
from castlist.shell_words import shell_path
from castlist.types import Json

if TYPE_CHECKING:
    from castlist.review.proposed import Offered
    from castlist.review.session import Session
    from castlist.suggest.names import Proposal

EXAMPLES = """
\b
Examples:
  castlist propose film.castlist names.csv                 store the names as proposals; names no person yet
  castlist propose film.castlist                           list the proposals without an answer
  castlist propose film.castlist --accept Anna --reject Bob
  castlist propose film.castlist names.csv --apply         name the people where the file is clear
  castlist propose film.castlist edit.otio --only Anna,Bob
  castlist propose film.castlist still.xmp --at 0:01:23.5  face regions of a picture taken then
"""


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=WORKSPACE)
@click.argument("names", type=GIVEN, required=False)
@click.option(
    "--at", metavar="TIME", help="Where in the film a picture was taken: seconds, 0:01:23.5 or a timecode."
)
@click.option(
    "--apply",
    "apply_",
    is_flag=True,
    help="Name the people for whom the file is clear; without it, no person is named.",
)
@click.option(
    "--only", multiple=True, metavar="NAME", help="Only this name; several with commas, or by several --only."
)
@answer_options
@click.option("--reopen", multiple=True, metavar="NAME", help="Undo a --reject: the name is proposed again.")
@click.option("--start-timecode", metavar="HH:MM:SS:FF", default="",
              help="Timecode of time 0 in the file's timecodes; by default the film's own.")  # fmt: skip
@click.option(
    "--rate", metavar="FPS", help="Frames a second of the file's timecodes; by default those of the film."
)
@author_option("with each decision")
@click.option("--json", "as_json", is_flag=True, help="Print the proposals as JSON.")
def command(
    workspace: Path,
    names: Path | None,
    at: str | None,
    apply_: bool,
    only: tuple[str, ...],
    accept: tuple[str, ...],
    reject: tuple[str, ...],
    reopen: tuple[str, ...],
    start_timecode: str,
    rate: str | None,
    author: str,
    as_json: bool,
) -> None:
    """Propose names for the people of WORKSPACE from a file NAMES; you accept or reject each.

    NAMES is a table (.csv), markers (.otio) or face regions of a picture (.xmp, .jpg). castlist proposes each
    name for the person who fits the faces or times of the file best, and stores the proposals in the
    workspace. castlist review shows them: one click accepts or rejects a name. No person is named without
    --accept or --apply. --apply names a person if at least half of the faces or of the time agrees, and
    no other person fits nearly as well. Without NAMES, the open proposals are listed.
    """
    from castlist.cli.output import warn
    from castlist.review.deciding import deciding
    from castlist.review.proposed import read_names

    if names is None and (at or apply_ or only or start_timecode or rate):
        raise InputError("no file of names was given; write castlist propose film.castlist names.csv")
    if names is not None and (accept or reject or reopen):
        raise InputError(
            "--accept, --reject and --reopen answer names that were proposed before; leave the file out"
        )
    with deciding(workspace, tell=warn) as session:
        if names is None:
            _answer(session, accept, reject, reopen, author, as_json)
            return
        found = read_names(session, names, at=at, start_timecode=start_timecode, rate=rate)
        if only:
            found = _only(found, only)
        kept = session.propose(found, names.name, author)
        _show(session, found, as_json)
        if apply_:
            _apply(session, found, author, quiet=as_json)
        elif not as_json:
            _say_kept(len(kept), workspace)


def _say_kept(count: int, workspace: Path) -> None:
    from castlist.cli.output import visible

    if count:
        sentence = "1 proposal was stored" if count == 1 else f"{count} proposals were stored"
        review = f"castlist review {shell_path(visible(str(workspace)))}"
        click.echo(f"no person was named; {sentence}: {review} asks about them, --apply names the clear ones")
    else:
        click.echo("no person was named, and there is no open proposal from this file")


def _answer(
    session: Session,
    accept: tuple[str, ...],
    reject: tuple[str, ...],
    reopen: tuple[str, ...],
    author: str,
    as_json: bool,
) -> None:
    """Accept, reject and reopen proposals by name, or list those that are open."""
    from castlist.cli.output import visible
    from castlist.io import plain_json

    for name in split_names(accept, _open_names(session)):
        number = session.accept(_number_of(session.proposed(), name), author=author)
        click.echo(f"decision {number}: {visible(session.sentence(number), 400)}", err=as_json)
    for name in split_names(reject, _open_names(session)):
        click.echo(visible(session.reject(_number_of(session.proposed(), name)), 400), err=as_json)
    for name in split_names(reopen, (row["name"] for row in session.rejected())):
        click.echo(visible(session.reopen(_number_of(session.rejected(), name)), 400), err=as_json)
    if (accept or reject or reopen) and not as_json:
        return
    found = session.proposed()
    if as_json:
        click.echo(plain_json.text(found))
        return
    for row in found:
        click.echo(visible(_line(row), 400))
    if not found:
        click.echo("there is no open proposal of a name")


def _line(row: Offered) -> str:
    why = f"; {row['why']}" if row["why"] else ""
    return f"{row['person']}: {row['name']}? (from {row['from']}) {row['agree']:.0%} of its {row['by']}{why}"


def _open_names(session: Session) -> list[str]:
    return [row["name"] for row in session.proposed()]


def _number_of(rows: Sequence[Offered], name: str) -> int:
    """The id of a name's proposal; raises InputError if the name is proposed for no person or for several."""

    found = of_one_person(
        rows, name, name_of=lambda row: row["name"], person_of=lambda row: row["person"],
        elsewhere="in castlist review, or by castlist decide ... name",
    )  # fmt: skip
    return int(found[0]["id"])


def _only(found: list[Proposal], only: tuple[str, ...]) -> list[Proposal]:
    wanted = split_names(only, (p.name for p in found))
    for name in wanted:
        if name not in {p.name for p in found}:
            known = ", ".join(p.name for p in found[:20])
            raise InputError(f"the file does not contain the name {name!r}; it has {known}")
    return [p for p in found if p.name in wanted]


def _show(session: Session, found: list[Proposal], as_json: bool) -> None:
    from castlist.cli.output import visible
    from castlist.io import plain_json

    if as_json:
        click.echo(plain_json.text([_plain(session, p) for p in found]))
        return
    for p in found:
        if p.group < 0:
            click.echo(visible(f"{p.name}: proposed for no person, since {p.why or 'no person fits'}", 400))
            continue
        basis = "of faces" if p.faces else "of the time"
        rest = f", next {_called(session, p.second)} with {p.second_agree:.0%}" if p.second >= 0 else ""
        reason = f" ({p.why})" if p.why else ""
        click.echo(
            visible(
                f"{p.name} → {_called(session, p.group)}: {p.state}{reason}; {p.agree:.0%} {basis}{rest}", 400
            )
        )


def _called(session: Session, group: int) -> str:
    """A person's name in the review, with the id that castlist decide takes."""
    person = session.view.groups[group]
    return f"{person.name} ({person.id})" if person.name else str(person.id)


def _plain(session: Session, p: Proposal) -> dict[str, Json]:

    groups = session.view.groups
    return {
        "name": p.name,
        "state": p.state,
        "why": p.why,
        "person": groups[p.group].id if p.group >= 0 else None,
        "agree": round(p.agree, 4),
        "by": "faces" if p.faces else "time",
        "next": groups[p.second].id if p.second >= 0 else None,
        "next_agree": round(p.second_agree, 4),
    }


def _apply(session: Session, found: list[Proposal], author: str, *, quiet: bool) -> None:
    """Apply the names of clear proposals, by the ids that the people had when the names were proposed."""
    from castlist.cli.output import visible
    from castlist.suggest.names import Match

    clear = [(p.name, session.view.groups[p.group].id) for p in found if p.state == Match.CLEAR]
    for name, person in clear:
        number = session.decide({"action": "name", "person": person, "name": name}, author=author)
        click.echo(visible(f"decision {number}: {person} is {name}", 400), err=quiet)
    click.echo(f"{len(clear)} named, {len(found) - len(clear)} left as they were", err=quiet)
    if not session.save():
        click.echo(
            "castlist find is running on this workspace; it will update the cast when it ends", err=True
        )
