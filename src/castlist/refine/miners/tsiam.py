"""TSiam: positives within a track, negatives from co-occurring tracks.

Sharma, Tapaswi, Sarfraz, Stiefelhagen, "Self-Supervised Learning of Face Representations for Video Face
Clustering", FG 2019. Its code was not published; `TSiamMiner` lists the choices that the slides leave open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.refine.miners.cross import reciprocal_partners
from castlist.refine.pairs import Pairs

__all__ = ["TSiamMiner", "farthest"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TSiamMiner:
    """Pairs for every row of every track, drawn again and shuffled in each epoch.

    From the slides: 2 positive and 4 negative pairs for each frame; negatives from co-occurring tracks; for a
    singleton (a track without co-occurrences), random frames of its 25 farthest tracks by mean base feature.
    The slides leave open, and castlist decides:

    - The pairs are drawn again in every epoch, so that more of the possible pairs are used.
    - Positives are two independent draws among the other frames of the track. A track of one frame has no
      positives; its frame still has negatives.
    - Negatives are independent uniform draws over all frames of the other tracks together, so that a track
      counts by its number of frames, as it does among the positives.
    - A track with co-occurrences draws negatives from co-occurring tracks only, and not from far tracks: a
      co-occurring pair is certain, a far pair is a guess.
    - The pairs of an epoch are shuffled and cut into batches of 128, the size of SSiam, so that both methods
      share one optimiser.
    """

    row: Ints  # (n,) rows of the features, track after track
    offset: Ints  # (t + 1,) rows of track i are row[offset[i]:offset[i + 1]]
    other: Ints  # (m,) tracks for negatives; those of track i are
    other_offset: Ints  # (t + 1,) other[other_offset[i]:other_offset[i + 1]]
    positives: int = 2  # for each row
    negatives: int = 4  # for each row
    batch: int = 128
    epochs: int = 15
    partner: Ints | None = None  # (n,) a row of another track for each row, -1 for none: further positives
    cross: float = 0.0  # share of the positives that are pairs with partners, as far as there are partners

    @classmethod
    def from_features(
        cls,
        x: NDArray[np.float32],
        track: Ints,
        cannot: Ints,
        *,
        singletons: bool = True,
        far_tracks: int = 25,
        cross: float = 0.0,
        **options: int,
    ) -> Self:
        """The miner for features (n, d), the track 0 ... t - 1 of each, and cannot-linked tracks (q, 2).

        Args:
            singletons: whether tracks without any cannot-link take negatives from far tracks.
            far_tracks: F, the number of far tracks; fewer where there are fewer tracks.
            cross: share of the positives that are reciprocal nearest neighbours of two tracks.
        """
        row = np.argsort(track, kind="stable")
        size = np.bincount(track)
        offset = np.concatenate([[0], np.cumsum(size)])
        others = _linked(cannot, len(size))
        alone = np.flatnonzero([len(o) == 0 for o in others])
        if singletons and len(alone):
            mean = np.add.reduceat(x[row].astype(np.float64), offset[:-1]) / size[:, None]
            for t, far in zip(alone, farthest(mean, alone, far_tracks), strict=True):
                others[t] = far
        other_offset = np.concatenate([[0], np.cumsum([len(o) for o in others])])
        partner = reciprocal_partners(x, track, cannot) if cross else None
        other = np.concatenate([*others, np.zeros(0, np.int64)])
        return cls(row, offset, other, other_offset, partner=partner, cross=cross, **options)

    def __len__(self) -> int:
        size = np.diff(self.offset)
        pairs = self.positives * size[size > 1].sum()
        pairs += self.negatives * size[np.diff(self.other_offset) > 0].sum()
        return int(self.epochs * -(-pairs // self.batch))

    def __call__(self, rng: np.random.Generator) -> Iterator[Pairs]:
        """The batches of all epochs, in order."""
        for _ in range(self.epochs):
            pairs = Pairs.from_pairs(self.draw_positive(rng), self.draw_negative(rng))
            order = rng.permutation(len(pairs))
            for start in range(0, len(order), self.batch):
                yield pairs[order[start : start + self.batch]]

    def draw_positive(self, rng: np.random.Generator) -> Ints:
        """(p, 2) two different rows of one track; in a share `cross` of the pairs, rows of two tracks."""
        size = np.repeat(np.diff(self.offset), np.diff(self.offset))
        start = np.repeat(self.offset[:-1], np.diff(self.offset))
        place = np.repeat(np.flatnonzero(size > 1), self.positives)
        size, start = size[place], start[place]
        step = rng.integers(1, size)
        pairs = np.stack([self.row[place], self.row[start + (place - start + step) % size]], 1)
        return pairs if self.partner is None else self._crossed(pairs, self.partner, rng)

    def _crossed(self, pairs: Ints, partner: Ints, rng: np.random.Generator) -> Ints:
        """The pairs, where in a share of them the second row is the partner of the first in another track."""
        can = np.flatnonzero(partner[pairs[:, 0]] >= 0)
        chosen = rng.permutation(can)[: round(self.cross * len(pairs))]
        pairs[chosen, 1] = partner[pairs[chosen, 0]]
        return pairs

    def draw_negative(self, rng: np.random.Generator) -> Ints:
        """(p, 2) rows of two tracks; the second row is uniform over all rows of the first track's `other`."""
        until = np.concatenate([[0], np.cumsum(np.diff(self.offset)[self.other])])
        first, last = until[self.other_offset[:-1]], until[self.other_offset[1:]]
        track = np.repeat(np.arange(len(first)), np.diff(self.offset))
        place = np.repeat(np.flatnonzero((last > first)[track]), self.negatives)
        pick = rng.integers(first[track[place]], last[track[place]])
        entry = np.searchsorted(until, pick, side="right") - 1
        return np.stack([self.row[place], self.row[self.offset[self.other[entry]] + pick - until[entry]]], 1)


def farthest(mean: NDArray[np.float64], of: Ints, count: int) -> list[Ints]:
    """For each track in `of`, the `count` other tracks with the farthest mean (t, d)."""
    count = min(count, len(mean) - 1)
    centred = mean - mean.mean(0)
    square = (centred**2).sum(1)
    squared = square[of][:, None] + square - 2 * centred[of] @ centred.T
    squared[np.arange(len(of)), of] = -np.inf
    return list(np.sort(np.argsort(-squared, axis=1, kind="stable")[:, :count], axis=1))


def _linked(pairs: Ints, tracks: int) -> list[Ints]:
    """For each track, the tracks that it is paired with, in rising order, without repeats."""
    directed = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    return np.split(directed[:, 1], np.searchsorted(directed[:, 0], np.arange(1, tracks)))
