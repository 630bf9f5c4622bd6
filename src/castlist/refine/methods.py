"""The refinement steps: each trains a small network on one video's own faces and applies it to them.

    class        pairs from                                        needs
    Base         -                                                 nothing; gives the features back
    SSiam        a ranked random subset                            faces
    PseudoRF     the same subset, not ranked                       faces
    TSiam        within a track; between tracks seen together      tracks, cannot-links

All but Base share one network, loss and loop (`train.py`). An option left at None takes its recipe's
value: "paper" is the publication's to the letter, "castlist" needs no tuning for the length and number
of dimensions of the features.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.refine.ahead import ahead
from castlist.refine.device import at_most, choose, fetch, placer
from castlist.refine.losses import Contrastive
from castlist.refine.miners import PseudoRFMiner, SSiamMiner, TSiamMiner
from castlist.refine.model import Refined
from castlist.refine.network import Network
from castlist.refine.pairs import Pairs
from castlist.refine.ranks import ranks
from castlist.refine.scaling import SCALINGS, Scaling
from castlist.refine.train import SGD, train
from castlist.types import Constraints, Embeddings, Machine

__all__ = ["RECIPES", "Base", "PseudoRF", "SSiam", "TSiam"]

Watch = Callable[[int, int], None]  # (batches done, batches in all)
Floats = NDArray[np.float32]

RECIPES: dict[str, dict[str, Any]] = {
    "paper": {"scaling": "raw", "first_layer": "he", "learning_rate": 1e-3, "margin": 1.0, "far_share": 1.0},
    "castlist": {
        "scaling": "l2",
        "first_layer": "base",
        "learning_rate": 0.1,
        "margin": 1.0,
        "far_share": 0.1,
    },
}

FIRST_LAYERS = ("he", "base")
LEAST: dict[str, float] = {  # the least that a number may be
    **dict.fromkeys(("epochs", "batch", "hidden", "output", "positives", "negatives", "far_tracks"), 1),
    **dict.fromkeys(("seed", "margin", "learning_rate", "momentum", "weight_decay", "far_share"), 0),
    "subset": 2,
}


@dataclass(frozen=True, slots=True)
class Base:
    """The features as they are: no refinement."""

    def __call__(
        self,
        embeddings: Embeddings,
        constraints: Constraints,
        *,
        machine: Machine = Machine(),
        watch: Watch | None = None,
    ) -> Embeddings:
        """The same embeddings."""
        return embeddings


@dataclass(frozen=True, slots=True)
class Siamese:
    """What SSiam, TSiam and Pseudo-RF share: network, loss, optimiser; a subclass says which pairs.

    Network d -> hidden -> ReLU -> output; contrastive loss on the output; SGD with momentum and weight
    decay; the refined feature is the hidden layer before its ReLU (Sharma et al., FG 2019).
    """

    recipe: str = "castlist"  # or "paper": what the options take that are None
    seed: int = 0  # decides first weights and every draw
    epochs: int = 15
    batch: int = 128  # pairs a step
    hidden: int = 512  # dimensions of the refined feature
    output: int = 2  # dimensions in which the loss measures
    scaling: str | None = None  # raw, l2, l2-sqrt-d or standard: before mining and training
    first_layer: str | None = None  # he: random; base: training starts at the base features
    margin: float | None = None
    learning_rate: float | None = None
    momentum: float = 0.9
    weight_decay: float = 5e-4  # on weights and biases
    mean: bool = True  # the loss of a batch is the mean over its pairs; else their sum

    def __post_init__(self) -> None:
        if self.recipe not in RECIPES:
            raise InputError(f"unknown recipe '{self.recipe}'; choose from {', '.join(RECIPES)}")
        for name, known in (("scaling", tuple(SCALINGS)), ("first_layer", FIRST_LAYERS)):
            if self.option(name) not in known:
                raise InputError(f"unknown {name} '{getattr(self, name)}'; choose from {', '.join(known)}")
        for f in fields(self):
            value = self.option(f.name)
            least = LEAST.get(f.name)
            if least is not None and not (isinstance(value, int | float) and least <= value < np.inf):
                raise InputError(f"{f.name} must be a number of at least {least}, got {value!r}")

    def option(self, name: str) -> Any:
        """An option's value, from the recipe where it was left at None."""
        value = getattr(self, name)
        return RECIPES[self.recipe].get(name) if value is None else value

    def __call__(
        self,
        embeddings: Embeddings,
        constraints: Constraints,
        *,
        machine: Machine = Machine(),
        watch: Watch | None = None,
    ) -> Embeddings:
        """The embeddings with refined vectors (k, hidden), other columns unchanged.

        Raises:
            InputError: the method cannot learn from this; the message says why.
        """
        e = embeddings
        refined = self.fit(
            e.vector, e.track, constraints.cannot, constraints.must, machine=machine, watch=watch
        )
        return Embeddings(refined.transform(e.vector), e.track, e.detection, e.quality, e.model)

    def fit(
        self,
        x: NDArray[Any],
        track: NDArray[Any] | None = None,
        cannot: NDArray[Any] | None = None,
        must: NDArray[Any] | None = None,
        *,
        machine: Machine = Machine(),
        watch: Watch | None = None,
    ) -> Refined:
        """Train on features x (n, d) and return the model.

        Args:
            x: (n, d) raw features, one row a face.
            track: (n,) the track of each row; SSiam and Pseudo-RF do without.
            cannot, must: (q, 2) pairs of tracks known to be two people, or one.
            watch: called with (batches done, batches in all).

        Raises:
            InputError: the method cannot learn from this; the message says why.
        """
        x = _checked(x)
        first, draws = np.random.default_rng(self.seed).spawn(2)
        scaling = Scaling.fit(x, self.option("scaling"))
        scaled = scaling(x)
        with at_most(machine.threads):
            miner = self.miner(
                scaled, track, _pairs(cannot), _pairs(must), machine.threads or os.cpu_count() or 1
            )
            network = Network.start(
                scaled, hidden=self.hidden, output=self.output, first=self.option("first_layer"), rng=first
            )
            network, losses = self._train(network, scaled, miner(draws), len(miner), machine, watch)
        about = {"method": type(self).__name__, "options": asdict(self), "losses": losses}
        return Refined(scaling, network, about)

    def miner(
        self, x: Floats, track: Any, cannot: NDArray[np.int64], must: NDArray[np.int64], threads: int = 1
    ) -> Any:
        """What gives the batches of pairs; each method has its own."""
        raise NotImplementedError

    def _train(
        self, network: Network, x: Floats, batches: Iterable[Pairs], total: int, machine: Machine, watch: Any
    ) -> tuple[Network, list[float]]:
        place = placer(choose(machine))
        network = Network(*(place(w) for w in network.parts))
        loss = Contrastive(self.option("margin"), self.mean)
        optimiser = SGD(self.option("learning_rate"), self.momentum, self.weight_decay)
        losses = []
        steps = train(network, place(x), ahead(batches), loss=loss, optimiser=optimiser, place=place)
        with np.errstate(over="ignore", invalid="ignore"):  # said below in words
            for done, value in enumerate(steps, 1):
                if not np.isfinite(value):
                    raise InputError(
                        "training ran off to infinity; lower learning_rate or scale the features"
                    )
                losses.append(value)
                if watch:
                    watch(done, total)
        return Network(*(fetch(w) for w in network.parts)), [float(v) for v in _epochs(losses, self.epochs)]


@dataclass(frozen=True, slots=True)
class SSiam(Siamese):
    """Self-supervised Siamese network: learns from faces alone, without tracks or labels.

    Where there are fewer rows than `subset`, the draw is as large as the rows are many, and a batch never
    takes more than half of the draw for each kind of pair.
    """

    subset: int = 3000  # B, rows drawn for each batch, with replacement

    def miner(
        self, x: Floats, track: Any, cannot: NDArray[np.int64], must: NDArray[np.int64], threads: int = 1
    ) -> SSiamMiner:
        return SSiamMiner(**_draw(self, x, threads))


@dataclass(frozen=True, slots=True)
class PseudoRF(Siamese):
    """The unranked control of SSiam: every sample's nearest is a positive, its farthest a negative."""

    subset: int = 3000

    def miner(
        self, x: Floats, track: Any, cannot: NDArray[np.int64], must: NDArray[np.int64], threads: int = 1
    ) -> PseudoRFMiner:
        return PseudoRFMiner(**_draw(self, x, threads))


@dataclass(frozen=True, slots=True)
class TSiam(Siamese):
    """Track-supervised Siamese network: one track is one person, tracks seen together are two.

    Must-linked tracks are taken as one. A cannot-link within what must-links make one is left out.
    """

    positives: int = 2  # pairs a frame
    negatives: int = 4
    singletons: bool = True  # tracks seen with no other take negatives from their far tracks
    far_tracks: int = 25  # F, by Euclidean distance between track means of the scaled base features
    far_share: float | None = None  # of all tracks, that the far ones may be at most

    def miner(
        self, x: Floats, track: Any, cannot: NDArray[np.int64], must: NDArray[np.int64], threads: int = 1
    ) -> TSiamMiner:
        group, cannot = _groups(x, track, cannot, must)
        if group.max() == 0:
            raise InputError("TSiam needs faces of at least two tracks, got one: it has no negatives")
        if not self.singletons and not len(cannot):
            raise InputError("no two tracks are seen together: TSiam has no negatives without its singletons")
        if np.bincount(group).max() == 1:
            raise InputError("every track has one face: TSiam has no positives; give more faces a track")
        return TSiamMiner.of(
            x,
            group,
            cannot,
            singletons=self.singletons,
            far_tracks=min(self.far_tracks, int(np.ceil(self.option("far_share") * group.max()))),
            positives=self.positives,
            negatives=self.negatives,
            batch=self.batch,
            epochs=self.epochs,
        )


def _draw(step: SSiam | PseudoRF, x: Floats, threads: int) -> dict[str, Any]:
    subset = min(step.subset, len(x))
    batch = min(step.batch, subset)
    draws = step.epochs * -(-len(x) // batch)
    return {
        "ranks": ranks(x, subset=subset, draws=draws, threads=threads),
        "rows": len(x),
        "subset": subset,
        "batch": batch,
        "epochs": step.epochs,
    }


def _groups(
    x: Floats, track: Any, cannot: NDArray[np.int64], must: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The group 0, 1, ... of each row, must-linked tracks in one, and the cannot-linked groups."""
    if track is None:
        raise InputError("TSiam needs to know the track of each face; without tracks use SSiam")
    track = np.asarray(track)
    if track.shape != (len(x),):
        raise InputError(f"the tracks must have shape ({len(x)},), one a face, got {track.shape}")
    names, place = np.unique(track, return_inverse=True)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    must, cannot = _known(must, names), _known(cannot, names)
    graph = coo_array((np.ones(len(must)), (must[:, 0], must[:, 1])), shape=(len(names),) * 2)
    group = connected_components(graph, directed=False)[1].astype(np.int64)
    cannot = group[cannot]
    return group[place], cannot[cannot[:, 0] != cannot[:, 1]]


def _known(pairs: NDArray[np.int64], names: NDArray[Any]) -> NDArray[np.int64]:
    """Pairs of places in `names`, those left out that name a track without faces."""
    place = np.minimum(np.searchsorted(names, pairs), len(names) - 1)
    known: NDArray[np.int64] = place[(names[place] == pairs).all(1)]
    return known


def _checked(x: NDArray[Any]) -> Floats:
    x = np.asarray(x)
    if x.ndim != 2:
        raise InputError(f"the features must have shape (n, d), one row a face, got {x.shape}")
    if not len(x) or not x.shape[1]:
        raise InputError("there are no faces to learn from: the features are empty")
    x = x.astype(np.float32, copy=False)
    if not np.isfinite(x).all():
        raise InputError("the features hold NaN or infinite values; remove those faces first")
    if len(x) < 4:
        raise InputError(f"{len(x)} faces are too few to learn from; at least 4 are needed")
    if (x == x[0]).all():
        raise InputError("all features are equal: there is nothing to learn from them")
    return x


def _pairs(pairs: NDArray[Any] | None) -> NDArray[np.int64]:
    return np.zeros((0, 2), np.int64) if pairs is None else np.asarray(pairs, np.int64).reshape(-1, 2)


def _epochs(losses: list[float], epochs: int) -> list[float]:
    """The mean loss of each epoch."""
    return [float(np.mean(part)) for part in np.array_split(losses, epochs) if len(part)]
