"""The evidence on whether two tracks show one person, as dataclasses and as plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

from castlist.cast import Face
from castlist.cues import Colour
from castlist.types import Json

__all__ = ["Clothing", "Explanation", "FacePair", "Merge", "Placed", "as_plain"]


@dataclass(frozen=True, slots=True)
class FacePair:
    """One face of each track, and their cosine."""

    a: Face
    b: Face
    cosine: float  # -1 to 1


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge on the way up the tree from one track to the other."""

    tracks: int  # number of tracks in the merged group
    height: float  # 0 to 1; above 0.5 the two sides stayed apart


@dataclass(frozen=True, slots=True)
class Clothing:
    """The likeness of the clothes of two tracks, and its log odds."""

    likeness: float  # 0 to 1; NaN where too little of the clothes is visible in a track
    same: float  # mean likeness of one person's tracks, at most `seconds` apart, in this film
    other: float  # the same for two people's tracks
    seconds: float
    odds: float  # log odds added to those of the faces; 0: none
    colours: tuple[tuple[Colour, ...], tuple[Colour, ...]]  # of each track, commonest first


@dataclass(frozen=True, slots=True)
class Placed:
    """The likeliest person of a track that shows too little of a face, and the evidence."""

    track: int
    joined: bool  # whether the track joined this person
    person: str  # the likeliest person, "" where that person is not of the cast
    probability: float
    next: str  # the second likeliest person, "" where there is none
    next_probability: float
    new_probability: float  # that the track shows a new person
    context: float  # log odds of `person` against a new person, by the shots around the track
    face: float  # the same by the face
    clothes: float  # the same by the clothes; 0 where unknown


@dataclass(frozen=True, slots=True)
class Explanation:
    """The evidence on whether two tracks show one person."""

    a: int
    b: int
    same: bool  # whether the cast has them as one person
    persons: tuple[str, str]  # names of the tracks' persons in the cast, "" where set aside
    times: tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]  # seconds, first and last
    probability: float  # that the tracks show one person, from their faces alone; 0 or 1 where links decide
    joined: float  # that the two groups of the last merge are one person; NaN where they were joined
    belonging: tuple[float, float]  # membership confidence of each track
    cosine: float  # of the tracks' means
    same_cosine: float  # mean cosine of one person's tracks in this film
    other_cosine: float  # mean cosine of two people's tracks in this film
    decided: str  # why a must-link or cannot-link decides, "" where none does
    between: int  # number of co-occurring pairs of tracks of the two persons
    pairs: tuple[FacePair, ...]  # the most alike faces, best first
    merges: tuple[Merge, ...]  # from `a` up to the first group that holds `b`
    sentences: tuple[str, ...]
    clothing: Clothing | None = None  # None where no clothes were scanned
    placed: tuple[Placed, ...] = ()  # for each of the two tracks that shows too little of a face

    def __str__(self) -> str:
        return "\n".join(self.sentences)


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
