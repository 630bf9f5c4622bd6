"""A contact sheet of the cast, or a page about one person: to print, to pin up, to file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast, Person
from castlist.report import figures, words
from castlist.report.album import Album
from castlist.report.evidence import Evidence
from castlist.report.page import Thumbs, asset, environment, film_address, hash_of, picture, write_page

__all__ = ["Likeness", "likeness", "render_sheet", "write_sheet"]

FACES = 6  # of each person on a contact sheet
PORTRAITS = 16  # on the page about one person
STAYS = 40  # appearances listed there
OTHERS = 8  # people listed that one was seen with
ALIKE = 3  # look-alikes, and hardest links


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike the tracks of one person are to others, and to one another; cosines, -1 to 1."""

    others: tuple[tuple[str, float], ...]  # the most alike other people, their best pair of tracks
    hardest: tuple[tuple[int, float], ...]  # own tracks least like the rest of the person, and how alike


def likeness(cast: Cast, person: Person, mean: NDArray[np.float32]) -> Likeness:
    """Who looks like somebody, and which of their tracks look least like them.

    Args:
        mean: (t, d) unit vectors of the tracks, zero where a track has none.
    """
    known = np.flatnonzero(np.abs(mean).sum(1) > 0)
    own = np.intersect1d(known, person.tracks)
    if not len(own):
        return Likeness((), ())
    others = []
    for other in cast.people:
        theirs = np.intersect1d(known, other.tracks)
        if other.id != person.id and len(theirs):
            others.append((other.name, float((mean[own] @ mean[theirs].T).max())))
    others.sort(key=lambda pair: -pair[1])
    within = mean[own] @ mean[own].T
    np.fill_diagonal(within, -np.inf)
    best = within.max(1) if len(own) > 1 else np.zeros(0)
    hardest = [(int(own[i]), float(best[i])) for i in np.argsort(best)[:ALIKE]]
    return Likeness(tuple(others[:ALIKE]), tuple(hardest))


def render_sheet(
    cast: Cast,
    person: Person | None = None,
    *,
    thumbs: Thumbs | None = None,
    evidence: Evidence | None = None,
    alike: Likeness | None = None,
    film: str = "",
) -> str:
    """The page as HTML; equal input gives equal bytes.

    Args:
        person: somebody of the cast, for a page about them; by default a contact sheet of everybody.
        thumbs: the bytes of a picture by its file name.
        evidence: what the provenance says.
        alike: who looks like them; see `likeness`.
        film: address of the film as the page sees it; "" for none.
    """
    people: Sequence[Person] = cast.people if person is None else (person,)
    most = FACES if person is None else PORTRAITS
    album = Album(thumbs)
    for n in range(most):
        album.take(p.faces[n].image for p in people if len(p.faces) > n)
    style = asset("look.css") + asset("sheet.css")
    return str(
        environment()
        .get_template("sheet.html")
        .render(
            film={"href": film, "title": words.clean(cast.video.path.stem, 120) or "Untitled"},
            summary=cast.summary,
            people=[_card(cast, p, album, most) for p in people],
            about=None if person is None else _about(cast, person),
            alike=alike,
            cast=cast,
            file=words.clean(cast.video.path.name, 260),
            evidence=Evidence() if evidence is None else evidence,
            style=style,
            style_hash=hash_of(style),
            w=words,
        )
    )


def write_sheet(html: str, path: Path) -> Path:
    """Write the page to a file, whole or not at all; raises WorkspaceError where it cannot be."""
    return write_page(html, path)


def sheet_address(cast: Cast, path: Path) -> str:
    """The film's address for a page at a place."""
    return film_address(cast, path.parent)


def _card(cast: Cast, person: Person, album: Album, most: int) -> dict[str, Any]:
    return {
        "name": words.clean(person.name), "seconds": person.screen_time, "share": cast.share(person),
        "first": float(person.first), "last": float(person.last), "appearances": len(person.appearances),
        "faces": [picture(f, album[f.image]) for f in person.faces[:most] if album[f.image]],
    }  # fmt: skip


def _about(cast: Cast, person: Person) -> dict[str, Any]:
    """Appearances, and with whom."""
    everybody = list(cast.people)
    index = everybody.index(person) if person in everybody else -1
    beside = []
    if index >= 0:
        seconds = figures.presence(cast, everybody)[index]
        order = [i for i in np.argsort(-seconds).tolist() if i != index and seconds[i] > 0]
        beside = [(words.clean(everybody[i].name), float(seconds[i])) for i in order[:OTHERS]]
    stays = [(float(a.start), float(a.stop)) for a in person.appearances[:STAYS]]
    return {"stays": stays, "more": len(person.appearances) - len(stays), "beside": beside}
