"""The base of the Siamese methods: common options, and training from features to a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Protocol, Self, TypedDict

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError, one_of
from castlist.option_values import set_options
from castlist.refine.device import at_most, choose_device, fetch, placer
from castlist.refine.learner import Watch, refined_by
from castlist.refine.losses import Contrastive
from castlist.refine.model import Refined, RefinedFeature
from castlist.refine.network import FirstLayer, Network
from castlist.refine.pairs import Pairs
from castlist.refine.prefetch import prefetch
from castlist.refine.scaling import Scaling, ScalingKind
from castlist.refine.train import SGD, train
from castlist.types import Constraints, Embeddings, JsonObject, Machine
from castlist.vectors import real_array, single_precision

__all__ = ["RECIPES", "Known", "Miner", "Siamese", "checked"]

Floats = NDArray[np.float32]

LARGEST = 1e15  # largest value of a feature: single precision holds squares of numbers from 1e-19 to 1e19


class RecipeOptions(TypedDict):
    """The values of a recipe for options that are left at None."""

    scaling: ScalingKind
    first_layer: FirstLayer
    margin: float
    learning_rate: float
    far_share: float  # of TSiam alone


RECIPES: dict[str, RecipeOptions] = {
    "paper": {
        "scaling": ScalingKind.RAW,
        "first_layer": FirstLayer.HE,
        "learning_rate": 1e-3,
        "margin": 1.0,
        "far_share": 1.0,
    },
    "castlist": {
        "scaling": ScalingKind.L2,
        "first_layer": FirstLayer.BASE,
        "learning_rate": 0.1,
        "margin": 1.0,
        "far_share": 0.1,
    },
}

CHOSEN: dict[str, type[StrEnum]] = {  # options that are one of a few words
    "scaling": ScalingKind,
    "first_layer": FirstLayer,
    "feature": RefinedFeature,
}
LEAST: dict[str, float] = {  # the least value of each number
    **dict.fromkeys(("epochs", "batch", "hidden", "output", "positives", "negatives", "far_tracks"), 1),
    **dict.fromkeys(("seed", "margin", "learning_rate", "momentum", "weight_decay", "far_share"), 0),
    "subset": 2,
    "cross": 0,
}


class Miner(Protocol):
    """Gives the batches of pairs of all epochs."""

    def __len__(self) -> int:
        """The number of batches."""

    def __call__(self, rng: np.random.Generator) -> Iterator[Pairs]:
        """The batches, in order."""


@dataclass(frozen=True, eq=False, slots=True)
class Known:
    """Data on n rows in addition to their features; each method uses what it needs."""

    track: NDArray[np.generic] | None  # (n,) the track of each row, None where there are no tracks
    cannot: NDArray[np.generic] | None  # (q, 2) tracks that are two people
    must: NDArray[np.generic] | None  # (q, 2) tracks that are one person
    quality: NDArray[np.float64]  # (n,) picture quality, larger is better; by default the raw vector's length


@dataclass(frozen=True, slots=True)
class Siamese(ABC):
    """The base of SSiam, TSiam and Pseudo-RF: network, loss and optimiser; a subclass chooses the pairs.

    Network d -> hidden -> ReLU -> output; contrastive loss on the output; SGD with momentum and weight
    decay; the refined feature is the hidden layer before its ReLU (Sharma et al., FG 2019).
    """

    recipe: str = "castlist"  # or "paper": the values of options that are None
    seed: int = 0  # of the initial weights and every draw
    epochs: int = 15
    batch: int = 128  # pairs for each step
    hidden: int = 512  # dimensions of the refined feature
    output: int = 2  # dimensions of the output, on which the loss is computed
    scaling: ScalingKind | None = None  # before mining and training
    first_layer: FirstLayer | None = None  # he: random; base: training starts at the base features
    margin: float | None = None
    learning_rate: float | None = None
    momentum: float = 0.9
    weight_decay: float = 5e-4  # on weights and biases
    mean: bool = True  # the loss of a batch is the mean over its pairs; else their sum
    # Or "beside": the base feature and the hidden layer concatenated.
    feature: RefinedFeature = RefinedFeature.HIDDEN

    def __post_init__(self) -> None:
        if not isinstance(self.recipe, str) or self.recipe not in RECIPES:
            raise InputError(f"unknown recipe {self.recipe!r}; choose from {', '.join(RECIPES)}")
        for name, kind in CHOSEN.items():
            given = getattr(self, name)
            if given is not None or name == "feature":
                object.__setattr__(self, name, one_of(kind, name, given))  # its text is accepted, too
        set_options(self, lambda f: LEAST.get(f.name))

    def option(self, name: str) -> object:
        """An option's value, from the recipe where it was left at None."""
        value: object = getattr(self, name)
        return RECIPES[self.recipe].get(name) if value is None else value

    def capped(self, rows: int, tracks: int) -> Self:
        """The step with its numbers limited to what `rows` rows and `tracks` tracks allow in training."""
        return self

    @property
    def decided(self) -> RecipeOptions:
        """The options of the recipe, each with the value given to this step, if there is one."""
        chosen = RECIPES[self.recipe].copy()
        for name in chosen:
            if (given := getattr(self, name, None)) is not None:
                chosen[name] = given  # type: ignore[literal-required]  # name is one of the keys
        return chosen

    def __call__(
        self,
        embeddings: Embeddings,
        constraints: Constraints,
        *,
        machine: Machine = Machine(),
        watch: Watch | None = None,
    ) -> Embeddings:
        """The embeddings with refined vectors (k, hidden), or (k, d + hidden) with the base features.

        Their `model` is another, as "sface+tsiam", since their cosines have another scale.

        Raises:
            InputError: the method cannot learn from these faces; the message says why.
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
    ) -> Refined:
        """Train on features x (n, d) and return the model.

        Args:
            x: (n, d) raw features, one row for each face.
            track: (n,) the track of each row, whole numbers or text; SSiam and Pseudo-RF ignore it.
            cannot, must: (q, 2) pairs of tracks of these rows, known to be two people, or one; SSiam and
                Pseudo-RF ignore these.
            quality: (n,) picture quality of each row, larger is better, for a ranking within quality; by
                default the length of the raw vectors.
            watch: called with (batches done, batches in all).

        Raises:
            InputError: the method cannot learn from these features; the message says why.
        """
        features, device = checked(x), choose_device(machine)
        first, draws = np.random.default_rng(self.seed).spawn(2)
        scaling = Scaling.fit(features, self.decided["scaling"])
        scaled = np.asarray(scaling(features), np.float32)
        with at_most(machine.threads):
            known = Known(track, cannot, must, _quality(features, quality))
            miner = self.miner(scaled, known, machine.cores)
            network = Network.start(
                scaled, hidden=self.hidden, output=self.output, first=self.decided["first_layer"], rng=first
            )
            network, losses = self._train(network, scaled, miner(draws), len(miner), device, watch)
        about: JsonObject = {"method": type(self).__name__, "options": asdict(self), "losses": losses}
        return Refined(scaling, network, about, self.feature)

    @abstractmethod
    def miner(self, x: Floats, known: Known, threads: int = 1) -> Miner:
        """The miner of the method, which gives the batches of pairs."""

    def _train(
        self,
        network: Network,
        x: Floats,
        batches: Iterable[Pairs],
        total: int,
        device: str,
        watch: Watch | None,
    ) -> tuple[Network, list[float]]:
        place = placer(device)
        network = Network(*(place(w) for w in network.parts))
        loss = Contrastive(self.decided["margin"], self.mean)
        optimiser = SGD(self.decided["learning_rate"], self.momentum, self.weight_decay)
        losses = []
        steps = train(network, place(x), prefetch(batches), loss=loss, optimiser=optimiser, place=place)
        with np.errstate(over="ignore", invalid="ignore"):  # an error is raised below
            for done, value in enumerate(steps, 1):
                if not np.isfinite(value):
                    raise InputError(
                        "training diverged: the loss is not finite; lower learning_rate or scale the features"
                    )
                losses.append(value)
                if watch:
                    watch(done, total)
        by_epoch = [float(part.mean()) for part in np.array_split(losses, self.epochs) if len(part)]
        return Network(*(fetch(w) for w in network.parts)), by_epoch


def checked(x: NDArray[np.generic]) -> Floats:
    """(n, d) float32 features that can be learned from.

    Raises:
        InputError: x is not (n, d), is empty, masked or not finite, has fewer than 4 rows or only equal rows,
            or its values are so small or so large that single precision cannot hold their squares.
    """
    x = real_array(x)
    if x.ndim != 2:
        raise InputError(f"the features must have shape (n, d), one row a face, got {x.shape}")
    if not len(x) or not x.shape[1]:
        raise InputError("there are no faces to learn from: the features are empty")
    rows = single_precision(x)
    if len(rows) < 4:
        raise InputError(f"there are too few faces to learn from ({len(rows)}); at least 4 are needed")
    if (rows == rows[0]).all():
        raise InputError("all features are equal: there is nothing to learn from them")
    largest = float(np.abs(rows).max())
    if not 1 / LARGEST <= largest <= LARGEST:
        raise InputError(
            f"the largest value of the features is {largest:.0e}; scale them so that it lies between "
            f"{1 / LARGEST:.0e} and {LARGEST:.0e}"
        )
    return rows


def _quality(x: Floats, given: NDArray[np.generic] | None) -> NDArray[np.float64]:
    if given is None:
        length: NDArray[np.float64] = np.linalg.norm(x, axis=1).astype(np.float64)
        return length
    quality = np.asarray(given, np.float64)
    if quality.shape != (len(x),) or not np.isfinite(quality).all():
        raise InputError(f"the quality must be {len(x)} finite numbers, one a face, got {quality.shape}")
    return quality
