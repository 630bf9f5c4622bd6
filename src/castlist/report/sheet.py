"""A contact sheet of the cast, or a page about one person, to print or to file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast, Face, Person
from castlist.report import figures, formatting
from castlist.report.album import Album
from castlist.report.evidence import Evidence
from castlist.report.html import filled, write_page
from castlist.report.page import Alike, LikelySame, Thumbs, film_address, picture, same_as
from castlist.types import Json

__all__ = ["PersonLikeness", "likeness", "render_sheet", "write_sheet"]

FACES = 6  # of each person on a contact sheet
PORTRAITS = 16  # on the page about one person, if the poses of faces are unknown
BY_POSE = 8  # of each pose
FRONT = 0.35  # largest turn of a frontal face (`castlist.embed.quality.turned`)
APART = 1  # seconds between two pictures of one pose: closer pictures are nearly equal
POSES = ("From the front", "Turned to the left", "Turned to the right")
STAYS = 40  # appearances listed on that page
OTHERS = 8  # people listed who are seen together with the person
ALIKE = 3  # look-alikes, and hardest links


@dataclass(frozen=True, slots=True)
class PersonLikeness:
    """The similarity of a person's tracks to other people and to one another; cosines, -1 to 1."""

    others: tuple[tuple[str, float], ...]  # the most similar other people, and the best pair's cosine
    hardest: tuple[tuple[int, float], ...]  # own tracks least similar to the person's others, and the cosine


def likeness(cast: Cast, person: Person, mean: NDArray[np.float32]) -> PersonLikeness:
    """The people most similar to a person, and the person's tracks that are least similar to the others.

    Args:
        mean: (t, d) unit vectors of the tracks; zero for a track without one.
    """
    known = np.flatnonzero(np.abs(mean).sum(1) > 0)
    members = np.intersect1d(known, person.tracks)
    if not len(members):
        return PersonLikeness((), ())
    others = []
    for other in cast.people:
        other_tracks = np.intersect1d(known, other.tracks)
        if other.id != person.id and len(other_tracks):
            others.append((other.name, float((mean[members] @ mean[other_tracks].T).max())))
    others.sort(key=lambda pair: -pair[1])
    within = mean[members] @ mean[members].T
    np.fill_diagonal(within, -np.inf)
    best = within.max(1) if len(members) > 1 else np.zeros(0)
    hardest = [(int(members[i]), float(best[i])) for i in np.argsort(best)[:ALIKE]]
    return PersonLikeness(tuple(others[:ALIKE]), tuple(hardest))


def render_sheet(
    cast: Cast,
    person: Person | None = None,
    *,
    thumbs: Thumbs | None = None,
    evidence: Evidence | None = None,
    likeness: PersonLikeness | None = None,
    alike: Alike | None = None,
    pose: Mapping[str, float] | None = None,
    film: str = "",
) -> str:
    """The page as HTML; equal input gives equal bytes.

    Args:
        person: a person of the cast, for a page about this person; by default a contact sheet of all people.
        thumbs: gives the bytes of a picture by its file name.
        evidence: the data on the page's origin.
        likeness: the similarity of the person's tracks; see `likeness`.
        alike: pairs that may be the same person; see `castlist.suggest.alike.look_alikes`.
        pose: how far the face in a picture is turned, by the picture's file name.
        film: address of the film relative to the page; "" for none.
    """
    people: Sequence[Person] = cast.people if person is None else (person,)
    strips = {p.id: _strips(p, None if person is None else pose or {}) for p in people}
    hints = same_as(cast, alike or {})
    album = Album(thumbs)
    for n in range(PORTRAITS):
        album.take(faces[n].image for p in people for _, faces in strips[p.id] if len(faces) > n)
    if person is not None:
        album.take(f.image for f in _beside(cast, person, likeness, hints))
    return filled(
        "sheet.html",
        ("look.css", "sheet.css"),
        film={"href": film, "title": formatting.short_line(cast.video.path.stem, 120) or "Untitled"},
        summary=_summary(cast),
        people=[_card(cast, p, album, strips[p.id], hints.get(p.id, [])) for p in people],
        about=None if person is None else _about(cast, person, album, likeness),
        alike=likeness,
        brightened=album.brightened,
        cast=cast,
        file=formatting.short_line(cast.video.path.name, 260),
        evidence=Evidence() if evidence is None else evidence,
    )


def write_sheet(html: str, path: Path) -> Path:
    """Write the page to a file, completely or not at all; raises as `write_page` does."""
    return write_page(html, path)


def sheet_address(cast: Cast, path: Path) -> str:
    """The film's address for a page at a path."""
    return film_address(cast, path.parent)


def _strips(person: Person, pose: Mapping[str, float] | None) -> list[tuple[str, list[Face]]]:
    """The pictures shown of a person, best first; by pose on a page about the person, if poses are known."""
    if pose is None:
        return [("", list(person.faces[:FACES]))]
    if not any(face.image in pose for face in person.faces):
        return [("", _apart(person.faces)[:PORTRAITS])]
    sides: list[list[Face]] = [[], [], []]
    for face in person.faces:
        if (turned := pose.get(face.image)) is not None:
            sides[0 if abs(turned) <= FRONT else 1 if turned < 0 else 2].append(face)
    return [(name, _apart(faces)[:BY_POSE]) for name, faces in zip(POSES, sides, strict=True) if faces]


def _summary(cast: Cast) -> str:
    """The number of people and the length of the film."""
    behind = f" and {formatting.count(len(cast.background))} in the background" if cast.background else ""
    return (
        f"{formatting.count(len(cast.people), 'person', 'people')}{behind} in {formatting.length(cast.whole)}"
    )


def _apart(faces: Sequence[Face]) -> list[Face]:
    """The faces, best first, without those within a second of a better one."""
    chosen: list[Face] = []
    for face in faces:
        if all(abs(face.time - other.time) >= APART for other in chosen):
            chosen.append(face)
    return chosen


def _best(cast: Cast, number: int) -> Face | None:
    """The best picture of the person of a number."""
    return next((p.faces[0] for p in cast.everybody if p.id == number and p.faces), None)


def _of_track(person: Person, track: int) -> Face | None:
    """The best picture of one of a person's tracks."""
    return next((face for face in person.faces if face.track == track), None)


def _beside(
    cast: Cast, person: Person, likeness: PersonLikeness | None, hints: dict[int, list[LikelySame]]
) -> list[Face]:
    """Pictures of look-alikes, and of the tracks least similar to the person's others."""
    others = [_best(cast, other["id"]) for other in hints.get(person.id, [])]
    hardest = [_of_track(person, track) for track, _ in likeness.hardest] if likeness else []
    return [face for face in (*others, *hardest) if face is not None]


def _shown(face: Face | None, album: Album) -> dict[str, Json] | None:
    return picture(face, album[face.image]) if face is not None and album[face.image] else None


def _card(
    cast: Cast,
    person: Person,
    album: Album,
    strips: list[tuple[str, list[Face]]],
    hints: list[LikelySame],
) -> dict[str, object]:
    return {
        "name": formatting.short_line(person.name),
        "seconds": person.screen_time, "share": cast.share(person),
        "first": float(person.first), "last": float(person.last), "appearances": len(person.appearances),
        "strips": [
            (title, [picture(f, album[f.image]) for f in faces if album[f.image]]) for title, faces in strips
        ],
        "alike": [hint | {"face": _shown(_best(cast, hint["id"]), album)} for hint in hints],
    }  # fmt: skip


def _about(cast: Cast, person: Person, album: Album, likeness: PersonLikeness | None) -> dict[str, Json]:
    """Appearances, people seen together with the person, and the tracks to check first."""
    cast_people = list(cast.people)
    index = cast_people.index(person) if person in cast_people else -1
    beside = []
    if index >= 0:
        seconds = figures.presence(cast, cast_people)[index]
        order = [i for i in np.argsort(-seconds).tolist() if i != index and seconds[i] > 0]
        beside = [(formatting.short_line(cast_people[i].name), float(seconds[i])) for i in order[:OTHERS]]
    stays = [(float(a.start), float(a.stop)) for a in person.appearances[:STAYS]]
    hardest = [
        {
            "track": track,
            "time": float(cast.clock.time(int(cast.tracks.first[track]))),
            "cosine": cosine,
            "face": _shown(_of_track(person, track), album),
        }
        for track, cosine in (likeness.hardest if likeness else ())
    ]
    more = len(person.appearances) - len(stays)
    return {"stays": stays, "more": more, "beside": beside, "hardest": hardest}
