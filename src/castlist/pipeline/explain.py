"""Explains why two tracks are one person or two: measurements, constraints, decisions.

    why = castlist.explain("film.castlist", 12, 47)
    print(why)

The evidence is not stored: it is worked out anew from the scan, with the recipe of the last finished run.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import exp, isfinite

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast, Face, Person
from castlist.clock_times import clock_span
from castlist.cluster import (
    LinkEvidence,
    LowQualityPlacement,
    link_evidence,
    membership_confidence,
    track_means,
)
from castlist.cues import Clothes, Colour, palette
from castlist.decisions import View, apply, decided_by, person_called, track_called
from castlist.errors import InputError, WorkspaceError
from castlist.pipeline.identify import Found, identify
from castlist.pipeline.publish import base_of
from castlist.pipeline.reuse import scan_of
from castlist.progress import Watch, silent
from castlist.recipe import Recipe
from castlist.store import Workspace
from castlist.store.paths import written
from castlist.types import BACKGROUND, USER, Clustering, Constraints, Json, Machine, Scan

__all__ = ["Clothing", "Explanation", "FacePair", "Merge", "Placed", "explain"]

SHOWN = 5  # pairs of faces
SILENT = 0.1  # log odds below which a cue is said to say nothing


@dataclass(frozen=True, slots=True)
class FacePair:
    """One face of each track, and how alike they are."""

    a: Face
    b: Face
    cosine: float  # -1 to 1


@dataclass(frozen=True, slots=True)
class Merge:
    """A step on the way up the tree from one track to the other."""

    tracks: int  # that are together after it
    height: float  # 0 to 1; above 0.5 the two sides were left apart


@dataclass(frozen=True, slots=True)
class Clothing:
    """What is seen of the clothes of two tracks, and what it adds."""

    likeness: float  # 0 to 1; NaN where too little is seen of one of them
    same: float  # its mean for one person in this film, of tracks at most `seconds` apart,
    other: float  # and for two
    seconds: float
    odds: float  # log odds that it adds to what the faces say; 0: nothing
    colours: tuple[tuple[Colour, ...], tuple[Colour, ...]]  # of each track, commonest first


@dataclass(frozen=True, slots=True)
class Placed:
    """Whom a track that shows too little of a face most likely shows, and what speaks for it."""

    track: int
    joined: bool  # whether it went to that person
    person: str  # the likeliest, "" where that person is not of the cast,
    probability: float
    next: str  # the next likely, "" where there is none,
    next_probability: float
    new_probability: float  # that it is somebody new
    context: float  # log odds against somebody new by the shots around it,
    face: float  # by what is seen of the face,
    clothes: float  # and by the clothes; 0 where they say nothing


@dataclass(frozen=True, slots=True)
class Explanation:
    """The evidence for two tracks being one person or two."""

    a: int
    b: int
    same: bool  # whether the cast has them as one person
    persons: tuple[str, str]  # who they are in the cast, "" where set aside
    times: tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]  # seconds, first and last
    probability: float  # that they are one person, from their own faces alone; 0 or 1 where links decide
    joined: float  # that the groups in which they meet are one person; NaN where they are of one group
    belonging: tuple[float, float]  # how surely each is of its person
    cosine: float  # of the tracks' means
    same_cosine: float  # its mean for one person in this film
    other_cosine: float  # and for two
    decided: str  # why a must-link or cannot-link decides, "" where none does
    between: int  # pairs of tracks of the two persons that were seen together
    pairs: tuple[FacePair, ...]  # the most alike faces, best first
    merges: tuple[Merge, ...]  # from `a` up to the first group that holds `b`
    sentences: tuple[str, ...]
    clothing: Clothing | None = None  # None where clothes were not looked at
    placed: tuple[Placed, ...] = ()  # of those of the two that show too little of a face

    def __str__(self) -> str:
        return "\n".join(self.sentences)


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
        workspace: a `film.castlist` in which a cast was found, or the cast that was found there.
        a, b: tracks by number, or people of the cast, also as p7, Person 7 or by name; of two people, their
            two most alike tracks are taken.
        recipe: of the last run, where it names a class of your own: no module is imported because a workspace
            names it.

    Raises:
        InputError: one of them is no track and nobody of this cast, has no face that can be compared, or
            both are the same.
        WorkspaceError: there is no finished cast, or the workspace cannot be read.
    """
    from castlist.interactive.decide import (
        place_of,
    )  # here: `find` imports this module, and needs no notebook

    path = place_of(workspace) if isinstance(workspace, Cast) else written(workspace)
    a, b = (_given(text) for text in (a, b))
    with Workspace.open(path, write=False) as opened:
        cast, log, base = opened.cast(), opened.decisions.all(), opened.machine()
        found, scan = _found(opened, recipe, machine, watch)
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
    """A track or a person as somebody gives it.

    Raises:
        InputError: it is neither.
    """
    if isinstance(text, Person):
        return text.key
    if isinstance(text, str) or (isinstance(text, int | np.integer) and not isinstance(text, bool)):
        return text if isinstance(text, str) else int(text)
    raise InputError(f"name a track by its number, or a person; got {type(text).__name__}")


def _found(workspace: Workspace, recipe: Recipe | None, machine: Machine, watch: Watch) -> tuple[Found, Scan]:
    """The last finished run's array work done once more."""
    video, runs = workspace.video(), [run for run in workspace.runs() if run.finished]
    if video is None or not runs:
        raise WorkspaceError(f"{workspace.path}: no cast has been found yet; run castlist find first")
    recipe, scan = scan_of(workspace, video, runs[-1], recipe)
    return identify(video, scan, recipe, machine=machine, watch=watch), scan


def _tracks(found: Found, cast: Cast, view: View, a: int | str, b: int | str) -> tuple[int, int]:
    """The two tracks meant; of people the most alike that no link decides, and of different persons."""
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
    """A track's number, or who else is meant.

    Raises:
        InputError: it may be either.
    """
    if isinstance(text, int):
        return text
    track = track_called(view, text)
    if track is None and text[:1] == "-" and text[1:].isdigit():
        return int(text)  # no track, as is said then
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
    a, b = link.a, link.b
    persons = tuple(_person(cast, t) for t in (a, b))
    same = persons[0] is not None and persons[0] is persons[1]
    names = (persons[0].name if persons[0] else "", persons[1].name if persons[1] else "")
    sure = membership_confidence(found.refined, found.constraints, Clustering(cast.person))
    merges = _merges(found, link)
    apart = merges[-1].height if merges and merges[-1].height > 0.5 else float("nan")
    joined = 1 - apart if np.isfinite(apart) else (0.0 if apart == np.inf else float("nan"))
    between = _between(cast, found.constraints, a, b)
    pairs = tuple(
        FacePair(_face(found, scan, int(i)), _face(found, scan, int(j)), float(c))
        for (i, j), c in zip(link.faces[:SHOWN], link.face_cosine, strict=False)
    )
    times = tuple((_time(cast, t, 0), _time(cast, t, 1)) for t in (a, b))
    explanation = Explanation(
        a, b, same, names, times, link.probability, joined, (float(sure[a]), float(sure[b])),  # type: ignore[arg-type]
        link.cosine, link.same_cosine, link.other_cosine, link.decided, between, pairs, merges, (),
    )  # fmt: skip
    placed = tuple(
        _placed(cast, track, each) for track in (a, b) for each in found.placements if track in each.tracks
    )
    explanation = replace(explanation, clothing=_clothing(found, a, b), placed=placed)
    return replace(explanation, sentences=tuple(_sentences(explanation, cast, link)))


def _placed(cast: Cast, track: int, found: LowQualityPlacement) -> Placed:
    """A placement with the names of the cast."""
    people = [_person(cast, t) if t >= 0 else None for t in (found.person, found.next)]
    name, other = (person.name if person else "" for person in people)
    return Placed(
        track, found.joined, name, found.probability, other, found.next_probability, found.new_probability,
        found.context, found.face, found.beside,
    )  # fmt: skip


def _clothing(found: Found, a: int, b: int) -> Clothing | None:
    """What the scan saw beside the faces of two tracks."""
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
    number = int(cast.person[track])
    return cast.everybody[number] if number >= 0 else None


def _time(cast: Cast, track: int, end: int) -> Fraction:
    first, last = int(cast.tracks.first[track]), int(cast.tracks.last[track])
    return cast.clock.time(last + 1) if end else cast.clock.time(first)


def _face(found: Found, scan: Scan, row: int) -> Face:
    """A row of the embeddings as a face with its picture."""
    table, portraits = found.embeddings, found.portraits
    detection = int(table.detection[row])
    frame, track = int(scan.detections.frame[detection]), int(table.track[row])
    at = np.flatnonzero((portraits.track == track) & (portraits.frame == frame))
    box: tuple[float, ...] = tuple(scan.detections.box[detection].tolist())
    image = portraits.image[at[0]] if len(at) else ""
    quality = float(table.quality[row])
    return Face(frame, found.cast.clock.time(frame), box, track, quality, image)  # type: ignore[arg-type]


def _merges(found: Found, link: LinkEvidence) -> tuple[Merge, ...]:
    tree = found.tree
    size = np.concatenate([np.ones(tree.leaves, np.int64), tree.size])
    return tuple(
        Merge(int(size[node]), float(height)) for node, height in zip(link.merges, link.heights, strict=True)
    )


def _between(cast: Cast, constraints: Constraints, a: int, b: int) -> int:
    """How many pairs of tracks of the two tracks' persons were seen together."""
    a_person, b_person = cast.person[a], cast.person[b]
    rows = ~constraints.same & (constraints.origin != USER)
    left, right = cast.person[constraints.a[rows]], cast.person[constraints.b[rows]]
    if a_person == b_person or min(a_person, b_person) < 0:
        return 0
    return int(
        (((left == a_person) & (right == b_person)) | ((left == b_person) & (right == a_person))).sum()
    )


def _sentences(explanation: Explanation, cast: Cast, link: LinkEvidence) -> list[str]:
    parts = [_conclusion(explanation, cast), link.sentence]
    if not explanation.decided:
        parts += _of_clothes(explanation)
        parts += [_of_placed(placed, explanation) for placed in explanation.placed]
        if not any(placed.joined for placed in explanation.placed):
            parts.append(_chain(explanation))
    if explanation.between:
        word = "pair" if explanation.between == 1 else "pairs"
        parts.append(
            f"{explanation.persons[0]} and {explanation.persons[1]} are seen together in "
            f"{explanation.between} {word} of tracks."
        )
    return parts


def _of_placed(placed: Placed, explanation: Explanation) -> str:
    """Whom a track that shows too little of a face shows, how likely that is, and why."""
    now = explanation.persons[0 if placed.track == explanation.a else 1]
    likeliest = placed.person or "somebody outside of the cast"
    others = [f"{placed.next or 'somebody outside of the cast'} {placed.next_probability:.2f}"]
    rest = ", ".join(
        [*(others if placed.next_probability > 0 else []), f"somebody new {placed.new_probability:.2f}"]
    )
    reasons = [("the shots around the track", placed.context), ("what is seen of the face", placed.face)]
    if abs(placed.clothes) >= SILENT:
        reasons.append(("the clothes", placed.clothes))
    why = ", ".join(f"{cause} {_times(odds)}" for cause, odds in reasons)
    stays = f"stays with {now}, where the linkage put it" if now else "stays as it is"
    result = "So castlist placed it there" if placed.joined else f"That is not sure enough, so it {stays}"
    return (
        f"Track {placed.track} shows too little of a face to be compared by it alone. It most likely shows "
        f"{likeliest}, p = {placed.probability:.2f} ({rest}). Against somebody new, "
        f"this is more or less likely by these factors: {why}. {result}."
    )


def _times(odds: float) -> str:
    """The factor that log odds stand for."""
    factor = exp(min(max(odds, -20.0), 20.0))
    return f"{factor:.0f}" if factor >= 10 else f"{factor:.1f}" if factor >= 0.1 else f"{factor:.2g}"


def _of_clothes(explanation: Explanation) -> list[str]:
    """What the clothes say, in a sentence; none where they were not looked at."""
    clothing = explanation.clothing
    if clothing is None:
        return []
    if clothing.likeness != clothing.likeness:
        return ["Their clothes were not used: too little of them is visible in one of the two tracks."]
    near = f" at most {clothing.seconds:.0f} s apart" if clothing.seconds < float("inf") else " so far apart"
    if clothing.same != clothing.same:
        return [f"Their clothes were not used: no tracks{near} are known to be one person."]
    usual = (
        f"between tracks{near} it is {clothing.same:.2f} within a person and {clothing.other:.2f} between two"
    )
    if abs(clothing.odds) < SILENT:
        return [f"Their clothes were not used: their likeness is {clothing.likeness:.2f}, and {usual}."]
    factor, more = exp(abs(clothing.odds)), "more" if clothing.odds > 0 else "less"
    return [
        f"Their clothes have likeness {clothing.likeness:.2f}; {usual}. "
        f"That makes one person {factor:.1f} times {more} likely."
    ]


def _conclusion(explanation: Explanation, cast: Cast) -> str:
    spans = [clock_span(first, last) for first, last in explanation.times]
    head = f"Track {explanation.a} ({spans[0]}) and track {explanation.b} ({spans[1]})"
    if explanation.same:
        return f"{head} are one person in this cast: {explanation.persons[0]}."
    if explanation.persons[0] and explanation.persons[1]:
        return f"{head} are two people in this cast: {explanation.persons[0]} and {explanation.persons[1]}."
    aside = explanation.a if not explanation.persons[0] else explanation.b
    why = cast.reason[aside] or "nobody of the cast"
    return f"{head} are not one person in this cast: track {aside} was set aside ({why})."


def _chain(explanation: Explanation) -> str:
    """How the groups of the two tracks came together, or what kept them apart."""
    if explanation.joined != explanation.joined:  # NaN: they met below the cut
        if not explanation.same:
            return "Without your decisions, castlist would make them one person; a decision keeps them apart."
        held = f"{explanation.merges[-1].tracks} tracks" if explanation.merges else "both"
        sure = f"{explanation.belonging[0]:.2f} and {explanation.belonging[1]:.2f}"
        return (
            f"Their groups were joined in {len(explanation.merges)} steps, into {held}; "
            f"the probability that they belong to {explanation.persons[0]} is {sure}."
        )
    if explanation.joined == 0.0:
        return (
            "Their groups cannot be joined: tracks of the two are seen together, or a decision says "
            "that they differ."
        )
    if explanation.same:
        return (
            f"Without your decisions, castlist would keep their groups apart (p = {explanation.joined:.2f}); "
            "a decision makes them one person."
        )
    return (
        f"As whole groups, they are one person with p = {explanation.joined:.2f}; castlist joins groups "
        "from p = 0.50."
    )


def as_plain(explanation: Explanation) -> dict[str, Json]:
    """The explanation as values that JSON knows; times in seconds, null for NaN and infinity."""

    def number(value: float) -> float | None:
        return round(value, 6) if isfinite(value) else None

    return {
        "tracks": [explanation.a, explanation.b],
        "same": explanation.same,
        "persons": [name or None for name in explanation.persons],
        "times": [[float(t) for t in span] for span in explanation.times],
        "probability": number(explanation.probability),
        "joined_probability": number(explanation.joined),
        "belonging": [number(p) for p in explanation.belonging],
        "cosine": number(explanation.cosine),
        "same_cosine": number(explanation.same_cosine),
        "other_cosine": number(explanation.other_cosine),
        "decided": explanation.decided or None,
        "seen_together": explanation.between,
        "faces": [
            {"cosine": round(p.cosine, 4), "a": _plain_face(p.a), "b": _plain_face(p.b)}
            for p in explanation.pairs
        ],
        "merges": [{"tracks": m.tracks, "height": number(m.height)} for m in explanation.merges],
        "clothes": _plain_clothing(explanation.clothing, number),
        "placed": [_plain_placed(placed) for placed in explanation.placed],
        "sentences": list(explanation.sentences),
    }  # fmt: skip


def _plain_clothing(
    clothing: Clothing | None, number: Callable[[float], float | None]
) -> dict[str, Json] | None:
    if clothing is None:
        return None
    return {
        "likeness": number(clothing.likeness), "same_likeness": number(clothing.same),
        "other_likeness": number(clothing.other), "log_odds": number(clothing.odds),
        "seconds_apart": None if clothing.seconds == float("inf") else clothing.seconds,
        "colours": [
            [{"rgb": list(rgb), "share": round(share, 4)} for rgb, share in colours]
            for colours in clothing.colours
        ],
    }  # fmt: skip


def _plain_placed(placed: Placed) -> dict[str, Json]:
    return {
        "track": placed.track, "joined": placed.joined, "person": placed.person or None,
        "probability": round(placed.probability, 6), "next": placed.next or None,
        "next_probability": round(placed.next_probability, 6),
        "new_probability": round(placed.new_probability, 6),
        "log_odds": {
            "context": round(placed.context, 4), "face": round(placed.face, 4),
            "clothes": round(placed.clothes, 4),
        },
    }  # fmt: skip


def _plain_face(face: Face) -> dict[str, Json]:
    return {
        "track": face.track, "frame": face.frame, "seconds": float(face.time),
        "box": [round(v, 1) for v in face.box], "image": face.image,
    }  # fmt: skip
