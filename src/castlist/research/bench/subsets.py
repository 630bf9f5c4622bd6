"""The track sets of the published tables: their people, and the numbers of clusters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.research.features import FeatureSet

__all__ = ["ACCIO", "BBT0101", "BF0502", "SUBSETS", "Subset", "main_cast", "subset_of", "thinned"]


@dataclass(frozen=True, slots=True)
class Subset:
    """One published track set: the tracks of one video that show its main cast."""

    name: str  # as in the slides
    video: str  # pattern of the video's names in archives
    cast: tuple[str, ...]
    clusters: tuple[int, ...]  # the numbers of clusters in the tables
    dropped: tuple[str, ...] = ()  # numbers of `labelid` left out, if there are no names


BBT0101 = Subset(
    "BBT-0101",
    r"bbt[-_ ]?(s01e01|0101|s0?1_?e0?1)",
    ("sheldon", "leonard", "penny", "howard", "raj"),
    (5,),
    ("2", "max"),  # unknown, and false faces, as in the released evaluation
)
BF0502 = Subset(
    "BF-0502",
    r"(buffy|bf)[-_ ]?(s05e02|0502|s0?5_?e0?2)",
    ("buffy", "dawn", "willow", "xander", "giles", "anya"),
    (6,),
    ("2", "max"),
)
ACCIO = Subset(
    "ACCIO",
    r"(accio|hp[-_ ]?s01e01|hp1)",
    (
        *("albus_dumbledore", "angelina_johnson", "argus_filch", "aurora_sinistra", "dean_thomas"),
        *("draco_malfoy", "dudley_dursley", "fat_lady", "fred_weasley", "ginny_weasley", "gregory_goyle"),
        *("griphook", "harry_potter", "hermione_granger", "james_potter", "lee_jordan", "lily_potter"),
        *("minerva_mcgonagall", "molly_weasley", "neville_longbottom", "oliver_wood", "ollivander"),
        *("percy_weasley", "petunia_dursley", "quirinus_quirrell", "rolanda_hooch", "ron_weasley"),
        *("rubeus_hagrid", "seamus_finnigan", "severus_snape", "sir_nicholas", "tom"),
        *("vernon_dursley", "vincent_crabbe", "voldemort"),
    ),
    (36, 40),  # 36 in the literature, although 35 people have names
)
SUBSETS = {s.name: s for s in (BBT0101, BF0502, ACCIO)}


def subset_of(name: str) -> Subset | None:
    """The published track set that a video of this name belongs to."""
    found = (s for s in SUBSETS.values() if re.match(s.video, name, re.IGNORECASE))
    return next(found, None)


class MainCast(NamedTuple):
    """The part of a set that is scored."""

    features: FeatureSet  # the tracks that are scored
    persons: tuple[str, ...]  # of these tracks
    excluded: str  # the people left out, in words
    subset: Subset | None  # the published set, if this is its own choice and its whole cast


def main_cast(features: FeatureSet, *, cast: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> MainCast:
    """The part of a set that is scored.

    With `cast`, only these persons; with `drop`, all persons but these ("max": the largest number). With
    neither, the published set's own choice if the video belongs to one and has its names, else all persons
    with a label.

    Raises:
        InputError: no track has a label, or a name of `cast` labels no track.
    """
    if features.label is None or not (features.label != "").any():
        raise InputError(f"{features.name} has no labels, so nothing can be scored")
    label = np.char.lower(features.label)
    known = set(label.tolist()) - {""}
    subset = subset_of(features.name)
    chosen = _published_choice(subset, known) if subset else None
    if not cast and not drop and chosen:
        cast, drop = chosen
    missing = sorted({n.lower() for n in cast} - known)
    if missing:
        raise InputError(f"{features.name} has no track of {', '.join(missing)}; it has {_listed(known)}")
    kept, words = _kept(label, cast, drop)
    persons = tuple(sorted(set(features.label[kept].tolist())))
    whole = subset and chosen and _whole(subset, persons) and (kept == _kept(label, *chosen)[0]).all()
    return MainCast(features.select(kept), persons, words, subset if whole else None)


def _published_choice(subset: Subset, known: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The cast or the dropped labels of a published set, for given labels that are names or numbers."""
    cast = tuple(n for n in subset.cast if n in known) if len(known & set(subset.cast)) > 1 else ()
    return cast, subset.dropped if not cast and all(n.isdecimal() for n in known) else ()


def _whole(subset: Subset, persons: tuple[str, ...]) -> bool:
    """Whether these are all people of a published set; without its names, whether they are as many."""
    names = {name.lower() for name in persons}
    if names & set(subset.cast):
        return names == set(subset.cast)
    return len(names) in subset.clusters


def thinned(features: FeatureSet, faces: int, draw: int) -> FeatureSet:
    """The set with at most `faces` random faces of each track; draws 0, 1, ... differ.

    A difference of two methods that is smaller than that between draws is not significant.

    Raises:
        InputError: `faces` is less than 1.
    """
    if faces < 1:
        raise InputError(f"faces must be 1 or more a track, got {faces}")
    rows = np.random.default_rng(draw).permutation(len(features.embeddings))
    rows = rows[np.argsort(features.embeddings.track[rows], kind="stable")]
    track = features.embeddings.track[rows]
    rank = np.arange(len(rows)) - np.searchsorted(track, track)
    return features.faces_of(np.sort(rows[rank < faces]))


def _kept(
    label: NDArray[np.str_], cast: tuple[str, ...], drop: tuple[str, ...]
) -> tuple[NDArray[np.bool_], str]:
    kept = label != ""
    words = ["tracks without a label"] * bool((~kept).any())
    if cast:
        kept &= np.isin(label, [n.lower() for n in cast])
        words = ["tracks of others than the cast, before training"]
    if drop:
        numbers = [int(n) for n in label[kept] if n.isdecimal()]
        names = [str(max(numbers, default="max")) if n == "max" else n.lower() for n in drop]
        kept &= ~np.isin(label, names)
        words.append(f"labels {', '.join(names)}, before training")
    return kept, "nobody" if kept.all() else " and ".join(words)


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)[:8]) + (", ..." if len(names) > 8 else "")
