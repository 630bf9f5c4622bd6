"""A cast as HTML: the values for each part of the page; templates beside this file arrange them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

import numpy as np

from castlist.cast import Appearance, Cast, Face, Person, picture_worth
from castlist.outputs import check_output
from castlist.report import figures, formatting
from castlist.report.album import Album
from castlist.report.evidence import Evidence, Unsure
from castlist.report.html import filled, write_page
from castlist.report.stills import Stills
from castlist.types import SET_ASIDE, Json

__all__ = ["picture", "render", "stills_of", "write"]

FACES = 8  # pictures of one person
LEAD = 12  # people shown in detail; the others as cards
LANES = 24  # rows of the timeline before the others are folded
TOGETHER = 16  # people in the matrix
STYLES = (
    "look.css",
    "report.css",
    "report_people.css",
    "report_timeline.css",
    "report_figures.css",
    "report_media.css",
)
BACKGROUND_SHOWN = 120  # background people with a picture
ASIDE_SHOWN = 16  # pictures for each reason
TIMES = 100  # appearances listed for one person
HUES = 8  # colours of people before they repeat

LIKELY = 0.5  # probability from which "possibly the same person" becomes "probably"

Thumbs = Callable[[str], bytes]
# Person's number -> (number, probability), most probable first.
Alike = Mapping[int, Sequence[tuple[int, float]]]


def render(
    cast: Cast,
    *,
    thumbs: Thumbs | None = None,
    evidence: Evidence | None = None,
    alike: Alike | None = None,
    film: str = "",
    unsure: Unsure | None = None,
    stills: Stills | None = None,
) -> str:
    """The whole page as HTML; equal input gives equal bytes.

    Args:
        cast: the people and their appearances.
        thumbs: gives the bytes of a picture by its file name; may raise OSError or LookupError.
        evidence: the data in addition to the cast.
        alike: pairs that may be the same person; see `castlist.suggest.alike.look_alikes`.
        film: address of the film relative to the page, to which every time is a link; "" for none.
        unsure: people whose identity is unsure, and the next step.
        stills: whole frames of appearances; an appearance without one shows only the face.
    """
    evidence = Evidence() if evidence is None else evidence
    unsure = Unsure() if unsure is None else unsure
    aside = _set_aside(cast, evidence)
    whole = {} if stills is None else dict(zip(stills.frame.tolist(), stills.image, strict=True))
    album = _album(cast, aside, thumbs, whole)
    hints = same_as(cast, alike or {})
    return filled(
        "report.html",
        STYLES,
        "report.js",
        generator=f"castlist {evidence.version}".strip(),
        film=_film(cast) | {"href": film},
        people=[
            _row(p, cast, album, hue, hints.get(p.id, []), whole)
            | {"doubt": formatting.short_line(unsure.why.get(p.id, ""))}
            for p, hue in zip(cast.people, _hues(cast), strict=True)
        ],
        unsure=sum(1 for p in cast.people if unsure.why.get(p.id)),
        next_step=formatting.short_line(unsure.command, 400),
        clicks=unsure.clicks,
        background=[_row(p, cast, album, (p.id - 1) % HUES, [], {}) for p in cast.background],
        background_shown=BACKGROUND_SHOWN,
        aside=[_aside_view(group, album) for group in aside],
        timeline=_timeline(cast),
        together=_together(cast),
        separation=figures.histograms(_pairs(evidence)),
        reliability=[row for row in evidence.reliability.tolist() if np.isfinite(row).all()],
        evidence=evidence,
        brightened=album.brightened,
        damaged=cast.damaged,
        unread=float(cast.unread),
        left_out=formatting.left_out(cast),
        turned=cast.turned,
        negative=cast.negative,
        whole=float(cast.whole),
        lead=LEAD,
        lanes=LANES,
    )


def write(
    cast: Cast,
    path: str | Path,
    *,
    thumbs: Thumbs | None = None,
    evidence: Evidence | None = None,
    alike: Alike | None = None,
    unsure: Unsure | None = None,
    stills: Stills | None = None,
) -> Path:
    """Write the page to a file, completely or not at all; returns its path.

    Raises:
        InputError: see `castlist.outputs.check_output`.
        WorkspaceError: the file cannot be written; the previous file is untouched.
    """
    check_output(path, films=[cast.video.path], page=True)
    film = film_address(cast, Path(path).parent)
    html = render(
        cast, thumbs=thumbs, evidence=evidence, alike=alike, film=film, unsure=unsure, stills=stills
    )
    return write_page(html, path)


class LikelySame(TypedDict):
    """A person who may be the same as another one."""

    how: str  # probably or possibly
    id: int
    name: str


def same_as(cast: Cast, alike: Alike) -> dict[int, list[LikelySame]]:
    """The people that each person may be, by number: {"how": "possibly", "id": 7, "name": "Person 7"}, ..."""
    names = {p.id: formatting.short_line(p.name) for p in cast.everybody}
    return {
        number: [
            {"id": other, "name": names[other], "how": "probably" if chance >= LIKELY else "possibly"}
            for other, chance in others
            if other in names
        ]
        for number, others in alike.items()
    }


def film_address(cast: Cast, folder: Path) -> str:
    """The address of the film for a page in a folder: relative, so that both can be moved together."""
    try:
        place = os.path.relpath(cast.video.path.absolute(), folder.absolute())
    except ValueError:  # on another drive
        return ""
    return quote(os.fsencode(Path(place).as_posix()), safe="/")


def _pairs(evidence: Evidence) -> list[figures.PairCosines]:
    """The plots of pairs: only one if the refined features were not used, since both would be equal."""
    before = figures.PairCosines("Before refinement", evidence.positive_before, evidence.negative_before)
    after = figures.PairCosines("After refinement", evidence.positive_after, evidence.negative_after)
    same = all(np.array_equal(x, y) for x, y in zip(before[1:], after[1:], strict=True))
    return [before._replace(title="The film's own pairs")] if same else [before, after]


def _hues(cast: Cast) -> list[int]:
    """A colour for each person of the cast: by number, but different from the three people before."""
    hues: list[int] = []
    for person in cast.people:
        wanted = (person.id - 1) % HUES
        hues.append(next(h % HUES for h in range(wanted, wanted + HUES) if h % HUES not in hues[-3:]))
    return hues


def _duration(cast: Cast) -> float:
    """The end of the film in seconds, which is the length of the timeline."""
    return float(cast.clock.time(len(cast.clock)) if len(cast.clock) else cast.video.duration)


def _film(cast: Cast) -> dict[str, Json]:
    video = cast.video
    return {
        "title": formatting.short_line(video.path.stem or video.path.name, 120) or "Untitled",
        "file": formatting.short_line(video.path.name, 260),
        "seconds": float(cast.whole) if len(cast.clock) else _duration(cast),
        "size": f"{video.width} × {video.height}",
        "rate": f"{float(video.frame_rate):.2f}".rstrip("0").rstrip("."),
        "codec": formatting.short_line(" ".join(filter(None, (video.codec, video.pixel_format)))),
        "digest": formatting.short_line(video.digest),
        "frames": len(cast.clock),
        "shots": len(cast.shots),
        "tracks": len(cast.tracks),
        "faces": len(cast.tracks.frame),
        "aside": int((cast.fate == SET_ASIDE).sum()),
    }


def _row(
    person: Person,
    cast: Cast,
    album: Album,
    hue: int,
    alike: list[LikelySame],
    whole: Mapping[int, str],
) -> dict[str, object]:
    faces = [(face, album[face.image]) for face in person.faces[:FACES]]
    return {
        "id": person.id,
        "number": person.id,
        "hue": hue,
        "name": formatting.short_line(person.name) or f"Person {person.id}",
        "seconds": person.screen_time,
        "share": min(1.0, cast.share(person)),
        "faces": [picture(face, uri) for face, uri in faces if uri],
        "face_count": person.face_count,
        "alike": alike,
        "times": [
            {
                "start": float(a.start),
                "stop": float(a.stop),
                "face": _face_data(face, album),
                "still": _still(face, album, whole, cast),
            }
            for a, face in stills_of(person)
        ],
        "appearances": len(person.appearances),
        "first": float(person.first),
        "last": float(person.last),
        "lane": figures.lane(person),
    }


def stills_of(person: Person) -> list[tuple[Appearance, Face | None]]:
    """A person's first appearances, each with the best picture taken in it."""
    best: dict[int, tuple[int, Face]] = {}
    for rank, face in enumerate(person.faces):  # best first
        if face.image:
            best.setdefault(face.track, (rank, face))
    found = [
        (stay, min((best[t] for t in stay.tracks if t in best), default=None, key=lambda f: f[0]))
        for stay in person.appearances[:TIMES]
    ]
    return [(stay, ranked and ranked[1]) for stay, ranked in found]


def _face_data(face: Face | None, album: Album) -> dict[str, Json] | None:
    return picture(face, album[face.image]) if face is not None and album[face.image] else None


def _still(face: Face | None, album: Album, whole: Mapping[int, str], cast: Cast) -> dict[str, Json] | None:
    """The frame of a face for the templates: the picture, its size, and the place of the face in it."""
    if face is None or not (uri := album[whole.get(face.frame, "")]):
        return None
    left, top, right, bottom = (round(v, 1) for v in face.box)
    size = {"width": cast.video.width, "height": cast.video.height}
    box = {"x": left, "y": top, "wide": round(right - left, 1), "high": round(bottom - top, 1)}
    return {"uri": uri, "time": float(face.time), **size, **box}


def picture(face: Face, uri: str) -> dict[str, Json]:
    """A face for the templates."""
    return {"uri": uri, "time": float(face.time), "ms": figures.milliseconds(face.time)}


def _timeline(cast: Cast) -> dict[str, Json]:
    seconds = _duration(cast)
    return {
        "width": max(1, figures.milliseconds(seconds)),
        "shots": figures.shot_strip(cast),
        "ticks": figures.ticks(seconds),
    }


def _together(cast: Cast) -> dict[str, Json] | None:
    """Seconds on screen together and a shade, 0 to 5, for each pair; None if no pair is seen together."""
    people = cast.people[:TOGETHER]
    seconds = figures.presence(cast, people)
    apart = seconds - np.diag(np.diag(seconds))
    if not apart.any():
        return None
    shade = np.ceil(5 * np.sqrt(apart / apart.max())).astype(int)
    return {
        "people": [(p.id, p.id, formatting.short_line(p.name)) for p in people],
        "cells": [
            list(zip(row, shades, strict=True))
            for row, shades in zip(seconds.tolist(), shade.tolist(), strict=True)
        ],
        "left_out": len(cast.people) - len(people),
    }


@dataclass(frozen=True, slots=True)
class _Aside:
    """The tracks set aside for one reason."""

    reason: str
    tracks: int
    faces: int
    pictures: tuple[Face, ...]  # the best of each track, best first, up to ASIDE_SHOWN


def _set_aside(cast: Cast, evidence: Evidence) -> list[_Aside]:
    """The tracks that are not in the cast, by reason, most frequent reason first."""
    out = np.flatnonzero(cast.fate == SET_ASIDE)
    best = _best_pictures(cast, evidence, out.tolist())
    reasons = Counter(cast.reason[t] for t in out)
    groups = []
    for reason, number in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        members = {t for t in out.tolist() if cast.reason[t] == reason}
        pictures = [face for track, face in best.items() if track in members]
        faces = int(cast.tracks.size[sorted(members)].sum())
        groups.append(_Aside(reason or "no reason given", number, faces, tuple(pictures[:ASIDE_SHOWN])))
    return groups


def _best_pictures(cast: Cast, evidence: Evidence, tracks: list[int]) -> dict[int, Face]:
    """The best picture of each of these tracks that has one, in order of quality."""
    wanted, best, portraits = set(tracks), {}, evidence.portraits
    for row in np.lexsort((portraits.frame, -picture_worth(portraits, cast.shots))).tolist():
        track, frame = int(portraits.track[row]), int(portraits.frame[row])
        if track in wanted and track not in best and portraits.image[row]:
            box, quality = tuple(portraits.box[row].tolist()), float(portraits.quality[row])
            best[track] = Face(frame, cast.clock.time(frame), box, track, quality, portraits.image[row])
    return best


def _aside_view(group: _Aside, album: Album) -> dict[str, Json]:
    return {
        "reason": formatting.short_line(group.reason, 200),
        "tracks": group.tracks,
        "faces": group.faces,
        "more": group.tracks - len(group.pictures),
        "pictures": [picture(f, album[f.image]) for f in group.pictures if album[f.image]],
    }


def _album(cast: Cast, aside: list[_Aside], thumbs: Thumbs | None, whole: Mapping[int, str] = {}) -> Album:
    """The pictures of the page: one face of each person before second faces, within the budget."""
    album = Album(thumbs)
    shown = (*cast.people, *cast.background[:BACKGROUND_SHOWN])
    album.take(p.faces[0].image for p in shown if p.faces)
    album.take(face.image for group in aside[:8] for face in group.pictures)
    for n in range(1, FACES):
        album.take(p.faces[n].image for p in cast.people if len(p.faces) > n)
    for person in cast.people[:LEAD]:
        faces = [face for _, face in stills_of(person) if face is not None]
        if len(person.appearances) > 1:
            album.take(whole.get(face.frame, face.image) for face in faces)
        album.take(face.image for face in faces)
    return album
