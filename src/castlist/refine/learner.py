"""The interface of all refinements: learn from the faces of a film, then compute refined features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from castlist.types import Constraints, Embeddings, Machine

__all__ = ["Learner", "Learnt", "Refiner", "Watch", "known_quality", "links_of_faces", "refined_by"]

Watch = Callable[[int, int], None]  # (batches done, batches in all)


class Refiner(Protocol):
    """Refines the embeddings of one film."""

    def __call__(
        self, embeddings: Embeddings, constraints: Constraints, /, *, machine: Machine
    ) -> Embeddings: ...


class Learnt(Protocol):
    """A model learnt from some faces, for these and other faces."""

    def transform(self, x: NDArray[np.float32]) -> NDArray[np.floating]:
        """(n, h) refined features of faces (n, d)."""
        ...


@runtime_checkable
class Learner(Refiner, Protocol):
    """A refiner that learns from features of any origin."""

    def fit(
        self,
        x: NDArray[np.float32],
        track: NDArray[np.int64] | None = None,
        cannot: NDArray[np.int64] | None = None,
        must: NDArray[np.int64] | None = None,
        *,
        quality: NDArray[np.floating] | None = None,
        machine: Machine = Machine(),
        watch: Watch | None = None,
    ) -> Learnt:
        """Learn from faces x (n, d) of tracks (n,) and quality (n,), and from pairs of tracks (q, 2)."""
        ...


def refined_by(
    step: Learner, embeddings: Embeddings, constraints: Constraints, machine: Machine, watch: Watch | None
) -> Embeddings:
    """The embeddings with the vectors that a step learns from them.

    Their `model` is another, as "sface+tsiam", since their cosines have another scale.

    Raises:
        InputError: the step cannot learn from these faces; the message says why.
    """
    e, links = embeddings, links_of_faces(embeddings, constraints)
    learnt = step.fit(
        e.vector, e.track, links.cannot, links.must,
        quality=known_quality(e), machine=machine, watch=watch,
    )  # fmt: skip
    vector = np.asarray(learnt.transform(e.vector), np.float32)
    return Embeddings(vector, e.track, e.detection, e.quality, f"{e.model}+{type(step).__name__.lower()}")


def links_of_faces(embeddings: Embeddings, constraints: Constraints) -> Constraints:
    """The constraints between tracks that have an embedding."""
    tracks = embeddings.track
    return constraints[np.isin(constraints.a, tracks) & np.isin(constraints.b, tracks)]


def known_quality(embeddings: Embeddings) -> NDArray[np.float32] | None:
    """(k,) the quality of each face; None where unknown, so that the vectors' length is used instead."""
    return embeddings.quality if len(np.unique(embeddings.quality)) > 1 else None
