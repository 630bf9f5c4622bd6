"""Explains why two tracks are one person or two: measurements, constraints, decisions.

    why = castlist.explain("film.castlist", 12, 47)
    print(why)

The evidence is not stored: it is computed again from the scan, with the recipe of the last finished run.
"""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast, Face, Person
from castlist.cluster import (
    LinkEvidence,
    LowQualityPlacement,
    link_evidence,
    membership_confidence,
    track_means,
)
from castlist.cues import Clothes, palette
from castlist.decisions import View, apply, decided_by, person_called, track_called
from castlist.errors import InputError, WorkspaceError
from castlist.pipeline.explanation import Clothing, Explanation, FacePair, Merge, Placed
from castlist.pipeline.explanation_words import sentences
from castlist.pipeline.identify import Found
from castlist.pipeline.publish import base_of
from castlist.pipeline.reuse import identify_again
from castlist.progress import Watch, silent
from castlist.recipe import Recipe
from castlist.store import Workspace
from castlist.store.paths import written
from castlist.types import BACKGROUND, USER, Clustering, Constraints, Machine, Scan

__all__ = ["Clothing", "Explanation", "FacePair", "Merge", "Placed", "explain"]

SHOWN = 5  # pairs of faces


def explain(
    workspace: str | os.PathLike[str] | Cast,
    a: int | str | Person,
    b: int | str | Person,
    *,
    recipe: Recipe | None = None,
    machine: Machine = Machine(),
    watch: Watch = silent,
) -> Explanation:
    """Why two tracks are one person or two: the nearest faces, the links, and the chain of merges.

    Args:
        workspace: a `film.castlist` in which a cast was found, or this cast.
        a, b: tracks by number, or people of the cast, also as p7, Person 7 or by name; of two people, the
            most alike pair of their tracks is taken.
        recipe: that of the last run, needed where it names a class of your own: castlist imports no module
            only because a stored recipe names it.

    Raises:
        InputError: a or b is no track and no person of this cast, has no face to compare, or a equals b.
        WorkspaceError: there is no finished cast, or the workspace cannot be read.
    """
    from castlist.interactive.decide import place_of  # here, since `find` needs no notebook

    path = place_of(workspace) if isinstance(workspace, Cast) else written(workspace)
    a, b = (_given(text) for text in (a, b))
    with Workspace.open(path, write=False) as opened:
        cast, log, base = opened.cast(), opened.decisions.all(), opened.machine()
        found, scan = identify_again(opened, recipe, machine=machine, watch=watch)
    if not np.array_equal(found.cast.tracks.frame, cast.tracks.frame):
        raise WorkspaceError(
            f"{opened.path}: its cast does not belong to its scan; run castlist find FILM --replace"
        )
    base = base_of(found) if base is None else base
    view = apply(base, cast.video, log)
    left, right = _tracks(found, cast, view, a, b)
    for track in (left, right):
        if not (found.embeddings.track == track).any():
            why = cast.reason[track] or "none of its faces could be read"
            where = "is in the background" if cast.fate[track] == BACKGROUND else "was set aside"
            raise InputError(f"track {track} {where} ({why}), so it cannot be compared; name another track")
    link = link_evidence(found.tree, found.refined, found.constraints, left, right)
    decision = decided_by(view, log, left, right)
    if decision and not link.decided:
        same = float(view.label[left] == view.label[right])
        link = replace(link, decided=f"decided by a person (decision {decision})", probability=same)
    return _explained(found, cast, scan, link)


def _given(text: int | str | Person) -> int | str:
    """A track's number, or the key or name of a person.

    Raises:
        InputError: the argument is neither.
    """
    if isinstance(text, Person):
        return text.key
    if isinstance(text, str) or (isinstance(text, int | np.integer) and not isinstance(text, bool)):
        return text if isinstance(text, str) else int(text)
    raise InputError(f"name a track by its number, or a person; got {type(text).__name__}")


def _tracks(found: Found, cast: Cast, view: View, a: int | str, b: int | str) -> tuple[int, int]:
    """The tracks that a and b name; of people, the most alike pair of their tracks."""
    known = np.unique(found.embeddings.track)
    a, b = (_track_or_name(view, text) for text in (a, b))
    left, right = (_meant(cast, view, known, text) for text in (a, b))
    if isinstance(a, int) and isinstance(b, int) and a == b:
        raise InputError(f"a and b must be two different tracks, got {a} twice")
    if set(left) & set(right) and (len(left) > 1 or len(right) > 1):
        raise InputError(f"{a!r} and {b!r} are the same person in this cast; name two tracks, or two people")
    mean = track_means(found.embeddings, len(cast.tracks))[0]
    cosine = mean[left] @ mean[right].T
    best = np.unravel_index(int(cosine.argmax()), cosine.shape)
    return left[int(best[0])], right[int(best[1])]


def _track_or_name(view: View, text: int | str) -> int | str:
    """A track's number, or the text, if it names a person.

    Raises:
        InputError: the text may name a track or a person.
    """
    if isinstance(text, int):
        return text
    track = track_called(view, text)
    if track is None and text[:1] == "-" and text[1:].isdigit():
        return int(text)  # no track; `_meant` raises the error
    return text if track is None else track


def _meant(cast: Cast, view: View, known: NDArray[np.int64], text: int | str) -> list[int]:
    """The tracks that a number or a name stands for."""
    if isinstance(text, str):
        tracks = person_called(view, text).tracks.tolist()
        return [t for t in tracks if t in known] or tracks
    track = text
    if not 0 <= track < len(cast.tracks):
        if not len(cast.tracks):
            raise InputError(
                f"there is no track {track}: this cast has no tracks, since no face was followed"
            )
        last = len(cast.tracks) - 1
        raise InputError(
            f"there is no track {track}; this cast has the tracks 0 to {last}; give one of these numbers, "
            "or a person's name"
        )
    return [track]


def _explained(found: Found, cast: Cast, scan: Scan, link: LinkEvidence) -> Explanation:
    """The evidence for the two tracks of `link`, with its sentences."""
    a, b = link.a, link.b
    first, second = _person(cast, a), _person(cast, b)
    same = first is not None and first is second
    names = (first.name if first else "", second.name if second else "")
    sure = membership_confidence(found.refined, found.constraints, Clustering(cast.person))
    merges = _merges(found, link)
    apart = merges[-1].height if merges and merges[-1].height > 0.5 else float("nan")
    joined = 1 - apart if np.isfinite(apart) else (0.0 if apart == np.inf else float("nan"))
    between = _between(cast, found.constraints, a, b)
    pairs = tuple(
        FacePair(_face(found, scan, int(i)), _face(found, scan, int(j)), float(c))
        for (i, j), c in zip(link.faces[:SHOWN], link.face_cosine, strict=False)
    )
    times = (_span(cast, a), _span(cast, b))
    explanation = Explanation(
        a, b, same, names, times, link.probability, joined, (float(sure[a]), float(sure[b])),
        link.cosine, link.same_cosine, link.other_cosine, link.decided, between, pairs, merges, (),
    )  # fmt: skip
    placed = tuple(
        _placed(cast, track, each) for track in (a, b) for each in found.placements if track in each.tracks
    )
    explanation = replace(explanation, clothing=_clothing(found, a, b), placed=placed)
    return replace(explanation, sentences=tuple(sentences(explanation, cast.reason, link.sentence)))


def _placed(cast: Cast, track: int, found: LowQualityPlacement) -> Placed:
    """A placement with the names of the cast."""
    people = [_person(cast, t) if t >= 0 else None for t in (found.person, found.next)]
    name, other = (person.name if person else "" for person in people)
    return Placed(
        track, found.joined, name, found.probability, other, found.next_probability, found.new_probability,
        found.context, found.face, found.beside,
    )  # fmt: skip


def _clothing(found: Found, a: int, b: int) -> Clothing | None:
    """The clothes of two tracks, and their likeness; None where no clothes were scanned."""
    beside = found.beside
    if beside is None or beside.vector.shape[1] != Clothes.width:
        return None
    span, odds = beside.span(a, b), float(beside.odds[a, b])
    known = odds == odds
    likeness = float(beside.vector[a] @ beside.vector[b]) if known else float("nan")
    a_colours, b_colours = (tuple(palette(beside.vector[t])) for t in (a, b))
    return Clothing(
        likeness, span.same, span.other, span.seconds, odds if known else 0.0, (a_colours, b_colours)
    )


def _person(cast: Cast, track: int) -> Person | None:
    """The person of the cast or its background that a track shows; None where it was set aside."""
    number = int(cast.person[track])
    return cast.everybody[number] if number >= 0 else None


def _span(cast: Cast, track: int) -> tuple[Fraction, Fraction]:
    """The start and end of a track, in seconds."""
    first, last = int(cast.tracks.first[track]), int(cast.tracks.last[track])
    return cast.clock.time(first), cast.clock.time(last + 1)


def _face(found: Found, scan: Scan, row: int) -> Face:
    """A row of the embeddings as a face with its picture."""
    table, portraits = found.embeddings, found.portraits
    detection = int(table.detection[row])
    frame, track = int(scan.detections.frame[detection]), int(table.track[row])
    at = np.flatnonzero((portraits.track == track) & (portraits.frame == frame))
    left, top, right, bottom = scan.detections.box[detection].tolist()
    image = portraits.image[at[0]] if len(at) else ""
    quality = float(table.quality[row])
    return Face(frame, found.cast.clock.time(frame), (left, top, right, bottom), track, quality, image)


def _merges(found: Found, link: LinkEvidence) -> tuple[Merge, ...]:
    """The merges of the tree from track a up to the first group that holds a and b."""
    tree = found.tree
    size = np.concatenate([np.ones(tree.leaves, np.int64), tree.size])
    return tuple(
        Merge(int(size[node]), float(height)) for node, height in zip(link.merges, link.heights, strict=True)
    )


def _between(cast: Cast, constraints: Constraints, a: int, b: int) -> int:
    """The number of co-occurring pairs of tracks of the two tracks' persons."""
    a_person, b_person = cast.person[a], cast.person[b]
    rows = ~constraints.same & (constraints.origin != USER)
    left, right = cast.person[constraints.a[rows]], cast.person[constraints.b[rows]]
    if a_person == b_person or min(a_person, b_person) < 0:
        return 0
    return int(
        (((left == a_person) & (right == b_person)) | ((left == b_person) & (right == a_person))).sum()
    )
