"""Networks trained on the film's tracks, concatenated with its second-order feature, with weights by tracks.

TSiam (Sharma et al., FG 2019) learns from tracks and cannot-links, and needs many tracks: its result on few
tracks varies by chance, as between seeds. The second-order feature (`second_order.py`) needs few faces and
has no seed. Here several networks and that feature are concatenated; with t tracks the networks have the
weight t / (t + 20) in the likeness. This method is ours.
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
    """Several refinements concatenated: features (n, d) in, (n, sum of their dimensions) out."""

    parts: tuple[Refined, ...]
    share: tuple[float, ...]  # weight of each part in the product of two results; the weights add up to 1

    def transform(self, x: NDArray[np.floating], *, precise: bool = False) -> NDArray[np.floating]:
        """(n, h) each part's features at length 1, times the root of its share, times the length of the row.

        Raises:
            InputError: x does not have d columns, or holds NaN or infinite values.
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
        """The number of columns of `transform`."""
        return sum(part.dimensions for part in self.parts)


@dataclass(frozen=True, slots=True)
class TSiamSecondOrder:
    """TSiam networks (some pairs across tracks), concatenated with the second-order feature; needs tracks."""

    recipe: str = "castlist"  # of the networks; see TSiam
    seed: int = 0
    networks: int = 3  # each with its own seed; as many as `castlist find` trains
    half: int = 20  # tracks at which the networks count as much as the second-order feature
    cross: float = 0.25  # see TSiam
    steps: int = 3000  # batches of 128 pairs for each network, about

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
        """The embeddings with refined vectors; their `model` names it, as "sface+tsiamsecondorder".

        Raises:
            InputError: there are too few faces or tracks, or every track has one face.
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
        """Learn from features x (n, d), their tracks (n,), and cannot-links and must-links of tracks (q, 2).

        Raises:
            InputError: there are no tracks, one track, only tracks of one face, or too few faces.
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
