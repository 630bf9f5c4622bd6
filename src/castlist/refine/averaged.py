"""Features of several networks, concatenated with the base features, so that no single seed decides."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.option_values import set_options
from castlist.refine.device import at_most, choose_device
from castlist.refine.learner import Watch, links_of_faces
from castlist.refine.methods import TSiam
from castlist.refine.model import Refined
from castlist.types import Constraints, Embeddings, Machine
from castlist.vectors import unit

__all__ = ["Averaged", "Given", "epochs_of", "learnt_together"]

PAIRS = 6  # pairs that TSiam draws for each face in an epoch: 2 positives, 4 negatives
LEAST_EPOCHS = 3  # least number of epochs, for films of many faces

# Vectors (n, d), tracks (n,), and cannot-links and must-links (q, 2).
Given: TypeAlias = tuple[
    NDArray[np.float32], NDArray[np.generic], NDArray[np.generic] | None, NDArray[np.generic] | None
]


@dataclass(frozen=True, slots=True)
class Averaged:
    """TSiam trained several times on the film, with the networks' features mixed with the base features.

    The embeddings get one more view for each network (`Embeddings.views`). The linkage brings the views'
    cosines to one scale and gives the new views together the weight `share`: less where there are few tracks
    to learn from, half of `most` at `half` tracks. Where TSiam cannot learn, the base features stay.
    """

    seed: int = 0
    networks: int = 3
    most: float = 0.6  # weight of the new views in a film of very many tracks
    half: int = 20  # tracks at which the weight is half of `most`
    steps: int = 3000  # batches of 128 pairs for each network, about: more faces, fewer epochs

    def __post_init__(self) -> None:
        set_options(self, lambda f: 1 if f.name in ("networks", "steps") else 0, "Averaged.")
        if self.most > 1:
            raise InputError(f"Averaged.most must lie in [0, 1], got {self.most}")

    def __call__(
        self, embeddings: Embeddings, constraints: Constraints, *, machine: Machine = Machine()
    ) -> Embeddings:
        """The embeddings with one more view for each network; unchanged where nothing can be learnt.

        Raises:
            InputError: the device does not exist.
        """
        # Outside the `try`: a missing device is an error, too few faces to learn from are not.
        device = choose_device(machine)
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
        """(k, h) the features of each network."""
        step = TSiam(seed=self.seed * self.networks, epochs=epochs_of(len(embeddings), self.steps))
        links = links_of_faces(embeddings, constraints)
        given = (embeddings.vector, embeddings.track, links.cannot, links.must)
        models = learnt_together(step, self.networks, given, machine, device)
        return [np.asarray(model.transform(embeddings.vector), np.float32) for model in models]


def epochs_of(faces: int, steps: int) -> int:
    """The number of epochs in which TSiam takes about `steps` steps: the more faces, the fewer epochs."""
    batches = max(1, faces * PAIRS // 128)
    return int(np.clip(steps // batches, LEAST_EPOCHS, TSiam().epochs))


def learnt_together(
    step: TSiam, networks: int, given: Given, machine: Machine, device: str, watch: Watch | None = None
) -> list[Refined]:
    """Several networks trained on the same faces, with consecutive seeds from the step's seed on.

    They train in parallel, each on one core: more cores do not train such a small network faster.

    Raises:
        InputError: there are too few tracks or faces.
    """
    x, track, cannot, must = given
    single_thread = replace(machine, threads=1)
    watches = _shared(watch, networks)

    def learnt(network: int) -> Refined:
        alone = replace(step, seed=step.seed + network)
        return alone.fit(x, track, cannot, must, machine=single_thread, watch=watches[network])

    at_once = min(networks, machine.cores if device == "cpu" else 1)
    with at_most(1), ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(learnt, range(networks)))


def _shared(watch: Watch | None, networks: int) -> list[Watch] | list[None]:
    """A watch for each network; together they report the sum to the given watch."""
    if watch is None:
        return [None] * networks
    done, lock = [0] * networks, Lock()

    def of(network: int) -> Watch:
        def finished(steps: int, total: int) -> None:
            with lock:
                done[network] = steps
                watch(sum(done), total * networks)

        return finished

    return [of(network) for network in range(networks)]
