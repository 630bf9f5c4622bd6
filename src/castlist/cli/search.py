"""castlist search: search a library by words or by a picture."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castlist.cli.library.options import typed
from castlist.cli.options import GIVEN, OUTPUT
from castlist.cli.output import table, visible
from castlist.clock_times import clock_time
from castlist.io import plain_json

if TYPE_CHECKING:
    from castlist.library import Library
    from castlist.library.page import Card
    from castlist.library.query import SearchAnswer
    from castlist.library.search import LikelyPerson

EXAMPLES = """
\b
Examples:
  castlist search season "anna & bob"               both on screen at once
  castlist search season "anna -carl film:s01*"     Anna without Carl, in films whose name fits
  castlist search season "anna & bob within 5s"     Bob not more than five seconds before or after
  castlist search season "anna & bob in shot"       both in one shot
  castlist search season --photo anna.jpg           who is this?
  castlist search season --photo party.jpg --face 2
  castlist search season --known photos/            propose names from pictures named after people
  castlist search season anna --page anna.html      thumbnails that play
"""


@click.command(epilog=EXAMPLES)
@click.argument("lib", type=GIVEN)
@click.argument("query", nargs=-1)
@click.option("--photo", type=click.Path(path_type=Path), help="A picture of the person to find.")
@click.option("--face", type=click.IntRange(1), help="Which face of the picture, counted from the left.")
@click.option(
    "--tracks",
    type=click.IntRange(1),
    metavar="N",
    help="With --photo: list the N most similar tracks (needs castlist library index).",
)
@click.option(
    "--known",
    type=click.Path(path_type=Path),
    help="A folder of pictures whose file names are names of people.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--page", type=OUTPUT, help="Write a page with thumbnails that play.")
def command(
    lib: Path, query: Sequence[str], photo: Path | None, face: int | None, tracks: int | None,
    known: Path | None, as_json: bool, as_csv: bool, page: Path | None,
) -> None:  # fmt: skip
    """Search the library LIB by words or by a picture.

    A search by a picture also finds people of the background and tracks that were set aside. With --known,
    castlist proposes names and changes nothing.
    """
    from castlist.errors import InputError
    from castlist.library import Library
    from castlist.outputs import check_apart

    if sum(map(bool, (query, photo, known))) != 1:
        raise InputError(
            'say what to search for, one of: words, as in "anna & bob"; --photo PICTURE; --known FOLDER'
        )
    check_apart([page], [photo] if photo else [])
    library = Library(lib)
    if tracks and not photo:
        raise InputError("--tracks works only together with --photo PICTURE")
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other; give one of them")
    if known and (face is not None or page):
        raise InputError("--known takes neither --face nor --page: a picture of it shows one person")
    if known:
        _known(library, known, as_json, as_csv)
    elif photo and tracks:
        _tracks(library, photo, face, tracks, as_json, as_csv)
    elif photo:
        _photo(library.search(photo, face=face), photo, as_json, as_csv, page)
    else:
        _words(library.find(" ".join(query)), " ".join(query), as_json, as_csv, page)


def _photo(
    found: Sequence[LikelyPerson], photo: Path, as_json: bool, as_csv: bool, page: Path | None
) -> None:
    from castlist.library.page import cards_of_people

    if page:
        note = "" if found else "Nobody in the library looks like this face."
        _page(page, f"Who is in {photo.name}?", cards_of_people(found), note)
    if as_json:
        click.echo(plain_json.text({"found": [f.document() for f in found]}))
        return
    head = ("Who", "Id", "Likely", "Film", "At")
    time = seconds if as_csv else clock_time
    rows = [
        (f.called, f.person or "", f"{s.probability:.3f}", s.film.name, time(s.time))
        for f in found
        for s in f.sights
    ]
    _print(head, rows, as_csv, "Nobody in the library looks like this face.")


def _tracks(library: Library, photo: Path, face: int | None, most: int, as_json: bool, as_csv: bool) -> None:
    from castlist.library.photo import chosen_face, faces_in

    hits = library.search_tracks(chosen_face(photo, faces_in(photo), face).vector, most)
    if as_json:
        found = [
            {"film": h.film.name, "track": h.track, "start": h.start, "cosine": round(h.cosine, 4)}
            for h in hits
        ]
        click.echo(plain_json.text({"tracks": found}))
        return
    time = seconds if as_csv else clock_time
    rows = [(h.film.name, str(h.track), time(h.start), f"{h.cosine:.3f}") for h in hits]
    _print(("Film", "Track", "At", "Cosine"), rows, as_csv, "The index has no track.")


def _words(answer: SearchAnswer, query: str, as_json: bool, as_csv: bool, page: Path | None) -> None:
    from castlist.library.page import cards_of_moments

    if page:
        _page(page, query, cards_of_moments(answer.moments), answer.near)
    if as_json:
        moments = [m.document() for m in answer.moments]
        click.echo(plain_json.text({"moments": moments, "near": answer.near}))
        return
    head = ("Film", "From", "To", "Who")
    time = seconds if as_csv else clock_time
    rows = [
        (m.film.name, time(m.start), time(m.stop), ", ".join(n for _, n in m.people)) for m in answer.moments
    ]
    _print(head, rows, as_csv, f"Nothing: {answer.near}.")


def _known(library: Library, folder: Path, as_json: bool, as_csv: bool) -> None:
    from castlist.library.photo import propose_photos

    proposals, skipped = propose_photos(library, folder)
    if as_json:
        found = [p.document() for p in proposals]
        click.echo(plain_json.text({"proposals": found, "skipped": skipped}))
        return
    rows = [(p.name, p.person, p.now, f"{p.probability:.3f}", str(p.pictures)) for p in proposals]
    _print(
        ("Name", "Id", "Called now", "Likely", "Pictures"),
        rows,
        as_csv,
        "None of these people is in the library.",
    )
    for sentence in skipped:
        click.echo(f"left out: {visible(sentence)}", err=True)
    if proposals and not as_csv:
        click.echo(
            f"Accept: castlist library name {typed(library)} {proposals[0].person} "
            f"{shlex.quote(visible(proposals[0].name))}"
        )


def seconds(time: float) -> str:
    """A time in a table for programs: seconds to the millisecond."""
    return f"{time:.3f}"


def _print(head: Sequence[str], rows: Sequence[Sequence[str]], as_csv: bool, empty: str) -> None:
    if as_csv:
        text = io.StringIO()
        out = csv.writer(text, lineterminator="\n")
        out.writerow([name.lower().replace(" ", "_") for name in head])
        out.writerows([[_harmless(cell) for cell in row] for row in rows])
        click.echo(text.getvalue(), nl=False)
    elif rows:
        table(
            head, [tuple(map(visible, row)) for row in rows], right=("Likely", "From", "To", "At", "Pictures")
        )
    else:
        click.echo(visible(empty))
    if as_csv and not rows:
        click.echo(visible(empty), err=True)


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet interprets as a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell


def _page(path: Path, title: str, cards: Sequence[Card], note: str) -> None:
    from castlist.library.page import write_results

    write_results(path, title, cards, note)
    click.echo(f"{visible(str(path))}: {len(cards)} results", err=True)


__all__ = ["command"]
