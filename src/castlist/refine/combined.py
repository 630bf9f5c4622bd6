"""Networks trained on the film's tracks beside its second-order feature: each as much as it can be trusted.

TSiam (Sharma et al., FG 2019) learns what tracks and cannot-links show, and needs many tracks for that: its
result on few tracks is a matter of chance, and so is that of one seed. The second-order feature
(`second_order.py`) needs few faces and has no seed. Here several networks and that feature are put side by
side; with t tracks the networks count for t / (t + 20) of the likeness. This method is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.option_values import set_options
from castlist.refine.averaged import epochs_of, learnt_together
from castlist.refine.device import choose_device
from castlist.refine.learner import Watch, refined_by
from castlist.refine.methods import TSiam
from castlist.refine.model import Refined, given_rows
from castlist.refine.second_order import SecondOrder
from castlist.refine.siamese import RECIPES, checked
from castlist.types import Constraints, Embeddings, Machine
from castlist.vectors import unit

__all__ = ["Combination", "TSiamSecondOrder"]


@dataclass(frozen=True, eq=False, slots=True)
class Combination:
    """Several refinements side by side: features (n, d) in, (n, sum of theirs) out."""

    parts: tuple[Refined, ...]
    share: tuple[float, ...]  # of each part in the product of two results; they add up to 1

    def transform(self, x: NDArray[np.floating], *, precise: bool = False) -> NDArray[np.floating]:
        """(n, h) each part's features at length 1 times the root of its share, times the rows' lengths.

        Raises:
            InputError: x has not d columns, or holds NaN or infinite values.
        """
        x = given_rows(x, precise)
        sides = [
            unit(part.transform(x, precise=precise)) * np.sqrt(share).astype(x.dtype)
            for part, share in zip(self.parts, self.share, strict=True)
        ]
        found = np.concatenate(sides, axis=1)
        return np.asarray(found * np.linalg.norm(x, axis=1, keepdims=True), found.dtype)

    @property
    def dimensions(self) -> int:
        """How many columns `transform` gives."""
        return sum(part.dimensions for part in self.parts)


@dataclass(frozen=True, slots=True)
class TSiamSecondOrder:
    """Networks of TSiam, some of their pairs across tracks, beside the second-order feature; needs tracks."""

    recipe: str = "castlist"  # of the networks; see TSiam
    seed: int = 0
    networks: int = 3  # with seeds of their own; as many as `castlist find` trains
    half: int = 20  # tracks at which the networks count as much as the second-order feature
    cross: float = 0.25  # see TSiam
    steps: int = 3000  # batches of 128 pairs a network, about

    def __post_init__(self) -> None:
        if not isinstance(self.recipe, str) or self.recipe not in RECIPES:
            raise InputError(f"unknown recipe {self.recipe!r}; choose from {', '.join(RECIPES)}")
        set_options(self, lambda f: 1 if f.name in ("networks", "steps") else 0)

    def __call__(
        self,
        embeddings: Embeddings,
        constraints: Constraints,
        *,
        machine: Machine = Machine(),
        watch: Watch | None = None,
    ) -> Embeddings:
        """The embeddings with refined vectors; their `model` says so, as in "sface+tsiamsecondorder".

        Raises:
            InputError: too few faces or tracks to learn from, or tracks of one face alone.
        """
        return refined_by(self, embeddings, constraints, machine, watch)

    def fit(
        self,
        x: NDArray[np.generic],
        track: NDArray[np.generic] | None = None,
        cannot: NDArray[np.generic] | None = None,
        must: NDArray[np.generic] | None = None,
        *,
        quality: NDArray[np.generic] | None = None,
        machine: Machine = Machine(),
        watch: Watch | None = None,
    ) -> Combination:
        """Learn from features x (n, d), their tracks (n,), and pairs of tracks (q, 2): two people, or one.

        Raises:
            InputError: no tracks, one track, tracks of one face alone, or too few faces.
        """
        if track is None:
            raise InputError("TSiam needs to know the track of each face; without tracks use second-order")
        rows = checked(x)
        step = TSiam(
            self.recipe, self.seed * self.networks, epochs_of(len(rows), self.steps), cross=self.cross
        )
        given = (rows, np.asarray(track), cannot, must)
        models = learnt_together(step, self.networks, given, machine, choose_device(machine), watch)
        tracks = len(np.unique(given[1]))
        trained = tracks / (tracks + self.half)
        share = (1 - trained, *[trained / self.networks] * self.networks)
        return Combination((SecondOrder().fit(rows), *models), share)
