"""Several networks' features beside the base features: no single draw of weights and pairs decides."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.refine.device import at_most, choose_device
from castlist.refine.methods import TSiam
from castlist.types import Constraints, Embeddings, Machine
from castlist.vectors import unit

__all__ = ["Averaged"]

PAIRS = 6  # that TSiam draws for a face in an epoch: 2 positives, 4 negatives
LEAST_EPOCHS = 3  # even where a film has many faces


@dataclass(frozen=True, slots=True)
class Averaged:
    """TSiam trained several times on the film, and what the networks say mixed with the base features.

    The embeddings get one view more for each network (`Embeddings.views`); the linkage brings the views'
    cosines to one scale and counts the new ones, all together, for `share`: less where there are few tracks
    to learn from, half of `most` at `half` tracks. Where TSiam cannot learn, the base features stay.
    """

    seed: int = 0
    networks: int = 3
    most: float = 0.6  # share of the new views in a film of very many tracks
    half: int = 20  # tracks at which it is half of that
    steps: int = 3000  # batches of 128 pairs a network, about: many faces are seen in fewer epochs

    def __post_init__(self) -> None:
        if self.networks < 1:
            raise InputError(f"Averaged.networks must be at least 1, got {self.networks}")
        if not 0 <= self.most <= 1:
            raise InputError(f"Averaged.most must lie in [0, 1], got {self.most}")
        if self.half < 0 or self.steps < 1:
            raise InputError(f"Averaged.half and steps must not be negative, got {self.half}, {self.steps}")

    def __call__(
        self, embeddings: Embeddings, constraints: Constraints, *, machine: Machine = Machine()
    ) -> Embeddings:
        """The embeddings with the networks' views beside the first; as given where nothing can be learnt.

        Raises:
            InputError: the device is not there.
        """
        device = choose_device(
            machine
        )  # before all that a film with too little to learn from is forgiven for
        tracks = len(np.unique(embeddings.track))
        try:
            hidden = self._all_learnt(embeddings, constraints, machine, device)
        except InputError:  # too few tracks or faces
            return embeddings
        length = np.linalg.norm(embeddings.vector, axis=1, keepdims=True)
        views = [embeddings.vector, *(unit(view) * length for view in hidden)]
        return Embeddings(
            np.concatenate(views, axis=1).astype(np.float32),
            embeddings.track,
            embeddings.detection,
            embeddings.quality,
            embeddings.model,
            tuple(view.shape[1] for view in views),
            self.most * tracks / (tracks + self.half),
        )

    def _all_learnt(
        self, embeddings: Embeddings, constraints: Constraints, machine: Machine, device: str
    ) -> list[NDArray[np.float32]]:
        """(k, h) the features of each network; they learn beside each other, a core a network."""

        single_thread = replace(machine, threads=1)  # so small a network learns no faster on more

        def learnt(network: int) -> NDArray[np.float32]:
            return self._learnt(embeddings, constraints, network, single_thread)

        at_once = min(self.networks, machine.cores if device == "cpu" else 1)
        with at_most(1), ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(learnt, range(self.networks)))

    def _learnt(
        self, embeddings: Embeddings, constraints: Constraints, network: int, machine: Machine
    ) -> NDArray[np.float32]:
        """(k, h) the features of one network."""
        batches = max(1, len(embeddings) * PAIRS // 128)
        epochs = int(np.clip(self.steps // batches, LEAST_EPOCHS, TSiam().epochs))
        step = TSiam(seed=self.seed * self.networks + network, epochs=epochs)
        model = step.fit(
            embeddings.vector, embeddings.track, constraints.cannot, constraints.must, machine=machine
        )
        return np.asarray(model.transform(embeddings.vector), np.float32)
