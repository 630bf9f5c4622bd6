"""The refinements as scikit-learn transformers."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from castlist import refine
from castlist.errors import InputError
from castlist.refine.groups import known_pairs, track_column
from castlist.refine.siamese import Siamese
from castlist.research.features.table import seen_together
from castlist.types import Machine
from castlist.vectors import unmasked

__all__ = ["PseudoRF", "SSiam", "SecondOrder", "TSiam", "TSiamSecondOrder"]

LEAST = 4  # rows that can be learned from


class _Refiner(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The base of all refiners. After `fit`, `refined_` is the learnt `castlist.refine.Refined` or
    `Combination`."""

    step: ClassVar[Callable[..., Siamese | refine.TSiamSecondOrder]]

    def _trained(
        self,
        x: NDArray[np.generic],
        *links: NDArray[np.generic] | None,
        quality: NDArray[np.generic] | None = None,
    ) -> Self:
        options = self.get_params(deep=False)
        seed = check_random_state(options.pop("random_state")).randint(2**31 - 1)
        machine = Machine(device=options.pop("device"))
        step = self.step(seed=int(seed), **options)
        self.refined_ = step.fit(x, *links, quality=quality, machine=machine)
        self._n_features_out = self.refined_.dimensions
        return self

    def _read(self, X: ArrayLike) -> NDArray[np.generic]:
        x: NDArray[np.generic] = validate_data(
            self, unmasked(X, "X"), order="C", dtype=[np.float64, np.float32], ensure_min_samples=LEAST
        )
        return x

    def transform(self, X: ArrayLike) -> NDArray[np.generic]:
        """(n, hidden) refined features of X (n, d), in X's precision."""
        check_is_fitted(self)
        x = validate_data(self, unmasked(X, "X"), order="C", dtype=[np.float64, np.float32], reset=False)
        return self.refined_.transform(x, precise=True).astype(x.dtype, copy=False)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class SSiam(_Refiner):
    """Refine features by self-supervision, without tracks and labels.  [Sharma et al., FG 2019]

    Args:
        recipe: "castlist", or "paper" for exactly the publication's settings.
        subset: B, rows drawn for each batch; at most the number of rows.
        rank: "absolute" as published; ours: "within-quality" or "none" (see `castlist.refine.SSiam`).
        reciprocal: ours: positives only where both rows are each other's nearest.
        epochs, batch, hidden, margin, learning_rate: as in `castlist.refine.SSiam`; None: the recipe's value.
        device: "auto", "cpu", "cuda" or "mps".
        random_state: int, RandomState or None; seed of initial weights and draws.
    """

    step: ClassVar[Callable[..., Siamese]] = refine.SSiam

    def __init__(
        self,
        *,
        recipe: str = "castlist",
        subset: int = 3000,
        rank: str = "absolute",
        reciprocal: bool = False,
        epochs: int = 15,
        batch: int = 128,
        hidden: int = 512,
        margin: float | None = None,
        learning_rate: float | None = None,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.recipe = recipe
        self.subset = subset
        self.rank = rank
        self.reciprocal = reciprocal
        self.epochs = epochs
        self.batch = batch
        self.hidden = hidden
        self.margin = margin
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, *, quality: ArrayLike | None = None) -> Self:
        """Train on X (n, d), one row for each face; y is ignored.

        Args:
            quality: (n,) picture quality of each row, larger is better, for `rank="within-quality"`; by
                default the length of each row.

        Raises:
            ValueError: there are fewer than 4 rows, NaN, or only equal rows, or `rank="within-quality"` has
                rows of one length and no quality.
        """
        return self._trained(self._read(X), quality=None if quality is None else np.asarray(quality))

    def fit_transform(
        self, X: ArrayLike, y: ArrayLike | None = None, *, quality: ArrayLike | None = None
    ) -> NDArray[np.generic]:
        """`fit`, then `transform` of the same rows."""
        return self.fit(X, y, quality=quality).transform(X)


class PseudoRF(_Refiner):
    """SSiam's unranked control: each row's nearest row is a positive, its farthest a negative.

    Args:
        recipe, subset, epochs, batch, hidden, margin, learning_rate, device, random_state: as in `SSiam`.
    """

    step: ClassVar[Callable[..., Siamese]] = refine.PseudoRF

    def __init__(
        self,
        *,
        recipe: str = "castlist",
        subset: int = 3000,
        epochs: int = 15,
        batch: int = 128,
        hidden: int = 512,
        margin: float | None = None,
        learning_rate: float | None = None,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.recipe = recipe
        self.subset = subset
        self.epochs = epochs
        self.batch = batch
        self.hidden = hidden
        self.margin = margin
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Train on X (n, d), one row for each face; y is ignored.

        Raises:
            ValueError: fewer than 4 rows, NaN, or rows that are all equal.
        """
        return self._trained(self._read(X))


class SecondOrder(_Refiner):
    """Compare rows by their likeness to all rows of the fit: a linear map in closed form, ours.

    `castlist.refine.SecondOrder` has the formula. It uses no tracks, no labels and no randomness.
    """

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find the map from X (n, d), one row for each face; y is ignored.

        Raises:
            ValueError: there are fewer than 4 rows, NaN, or only equal rows.
        """
        self.refined_ = refine.SecondOrder().fit(self._read(X))
        self._n_features_out = self.refined_.dimensions
        return self


class _ByTracks(_Refiner):
    """The base of refinements that learn from tracks."""

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        tracks: ArrayLike | None = None,
        frames: ArrayLike | None = None,
        cannot_link: ArrayLike | None = None,
        must_link: ArrayLike | None = None,
    ) -> Self:
        """Train on X (n, d), one row for each face.

        Args:
            y: the tracks, if `tracks` is not given, so that TSiam works in a scikit-learn pipeline.
            tracks: (n,) whole numbers or text, the track of each row.
            frames: (n,) frame of each row; two tracks with a common frame are two people.
            cannot_link, must_link: (q, 2) further pairs of tracks known to be two people, or one.

        Raises:
            ValueError: there are no tracks, one track, or one row in every track; columns have other lengths;
                or pairs have another shape or name unknown tracks.
        """
        x = self._read(X)
        tracks = y if tracks is None else tracks
        if tracks is None:
            raise InputError(
                f"{type(self).__name__} needs the track of each row: fit(X, tracks=...); "
                "without tracks use SSiam or SecondOrder"
            )
        names, place = np.unique(_tracks(tracks, len(x)), return_inverse=True)
        cannot, must = (
            names[known_pairs(None if pairs is None else np.asarray(pairs), names, argument)]
            for argument, pairs in (("cannot_link", cannot_link), ("must_link", must_link))
        )
        if frames is not None:
            cannot = np.concatenate([cannot, names[seen_together(place, _column(frames, len(x), "frames"))]])
        return self._trained(x, names[place], cannot, must)

    def fit_transform(
        self, X: ArrayLike, y: ArrayLike | None = None, **links: ArrayLike | None
    ) -> NDArray[np.generic]:
        """`fit`, then `transform` of the same rows."""
        return self.fit(X, y, **links).transform(X)


class TSiam(_ByTracks):
    """Refine features by their tracks: one track is one person, co-occurring tracks are two people.

    Args:
        recipe: "castlist", or "paper" for exactly the publication's settings.
        positives, negatives: pairs for each row in each epoch.
        singletons: whether tracks without co-occurrences take negatives from their far tracks.
        far_tracks: F, the number of far tracks.
        cross: ours: share of the positives that are reciprocal nearest rows of two tracks; 0 as published.
        epochs, batch, hidden, margin, learning_rate: as in `castlist.refine.TSiam`; None: the recipe's value.
        device: "auto", "cpu", "cuda" or "mps".
        random_state: int, RandomState or None; seed of initial weights and draws.
    """

    step = refine.TSiam

    def __init__(
        self,
        *,
        recipe: str = "castlist",
        positives: int = 2,
        negatives: int = 4,
        singletons: bool = True,
        far_tracks: int = 25,
        cross: float = 0.0,
        epochs: int = 15,
        batch: int = 128,
        hidden: int = 512,
        margin: float | None = None,
        learning_rate: float | None = None,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.recipe = recipe
        self.positives = positives
        self.negatives = negatives
        self.singletons = singletons
        self.far_tracks = far_tracks
        self.cross = cross
        self.epochs = epochs
        self.batch = batch
        self.hidden = hidden
        self.margin = margin
        self.learning_rate = learning_rate
        self.device = device
        self.random_state = random_state


class TSiamSecondOrder(_ByTracks):
    """Several networks of TSiam and the second-order feature, with weights by the number of tracks; ours.

    Args:
        recipe: of the networks: "castlist", or "paper" for exactly the publication's settings.
        networks: number of networks, each with its own seed.
        half: tracks at which the networks count as much as the second-order feature.
        cross: share of the positives that are reciprocal nearest rows of two tracks.
        steps: batches of 128 pairs for each network, about.
        device: "auto", "cpu", "cuda" or "mps".
        random_state: int, RandomState or None; seed of initial weights and draws.
    """

    step = refine.TSiamSecondOrder

    def __init__(
        self,
        *,
        recipe: str = "castlist",
        networks: int = 3,
        half: int = 20,
        cross: float = 0.25,
        steps: int = 3000,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.recipe = recipe
        self.networks = networks
        self.half = half
        self.cross = cross
        self.steps = steps
        self.device = device
        self.random_state = random_state


def _tracks(values: ArrayLike, rows: int) -> NDArray[np.generic]:
    """(rows,) the track of each row; text as Python objects, as in pandas, is accepted."""
    column = np.asarray(values)
    if column.dtype == object:
        if not all(isinstance(value, str) for value in column.flat):
            raise InputError(
                "Unknown label type: the tracks must be whole numbers or text, got other Python objects"
            )
        column = column.astype(np.str_)
    return track_column(column, rows)


def _column(values: ArrayLike, rows: int, name: str) -> NDArray[np.int64]:
    column = np.asarray(values)
    if column.shape != (rows,):
        raise InputError(f"{name} must have shape ({rows},), one a row of X, got {column.shape}")
    if column.dtype.kind not in "iu" and not (
        column.dtype.kind == "f" and np.all(column == np.round(column))
    ):
        raise InputError(f"{name} must be whole numbers, got {column.dtype}")
    return column.astype(np.int64)
