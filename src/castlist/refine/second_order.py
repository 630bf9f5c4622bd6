"""Two faces are alike where they are alike to the same faces of the film: a refinement in closed form.

With u the vectors at length 1, their mean m and the weights q (adding up to 1), the likeness of two faces is

    s(a, b) = sum over the faces i of the film of  q_i ((u_i - m) . u_a) ((u_i - m) . u_b)

times the lengths of their vectors, so it is the product of the features C^1/2 x of the vectors x as they
are, where C is the weighted covariance of the film's own faces at length 1.
Directions in which the faces of this film do not differ stop counting: what the face model gives to every
face, and what is small noise in all of them. Directions that tell the film's people apart count more.
A face counts with the third power of its vector length, because the length carries the quality of the
picture in ArcFace and SFace features (Meng et al., MagFace, CVPR 2021, train it to); for the same reason it
stays in the features, so that a mean of a track is one of its clear faces. Vectors of length 1 count alike.

Nothing is trained: no seed, no number of steps, no collapse, and with few faces the film's differences are
still those of its people. This method is ours. It is related to the diffusion of likenesses over a graph of
all faces (Donoser and Bischof, CVPR 2013): one step of it, with the product as the graph's weights.
docs/refine.md has the measurements, and says on which films and sets it was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.refine.learner import Watch, refined_by
from castlist.refine.model import Refined
from castlist.refine.network import Network
from castlist.refine.scaling import Scaling, ScalingKind
from castlist.refine.siamese import checked
from castlist.types import Constraints, Embeddings, Machine
from castlist.vectors import unit

__all__ = ["SecondOrder"]

SAME = 1e-12  # variance of unit vectors below which rounding alone makes them differ
POWER = 3  # of a vector's length, with which its face counts; of 2, 3 and 4 the best on development films
BLOCK = 1 << 14  # rows whose vectors are held in double precision at a time: 67 MB of 512 dimensions


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """Faces compared by their likeness to all faces of the film; needs faces alone, and no training."""

    def __call__(
        self,
        embeddings: Embeddings,
        constraints: Constraints,
        *,
        machine: Machine = Machine(),
        watch: Watch | None = None,
    ) -> Embeddings:
        """The embeddings with refined vectors (k, d); their `model` says so, as in "sface+secondorder".

        Raises:
            InputError: too few faces, or all of them equal.
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
        """The linear map C^1/2 of features x (n, d); nothing else is looked at.

        Raises:
            InputError: x has another shape, holds NaN, or has fewer than 4 rows or equal rows alone.
        """
        rows = checked(x)
        d = rows.shape[1]
        root = _square_root(_covariance(rows)).astype(np.float32)
        network = Network(
            root, np.zeros(d, np.float32), np.zeros((d, 1), np.float32), np.zeros(1, np.float32)
        )
        return Refined(Scaling.fit(rows, ScalingKind.RAW), network, {"method": type(self).__name__})


def _covariance(x: NDArray[np.float32]) -> NDArray[np.float64]:
    """(d, d) the covariance of the rows x (n, d) at length 1, each counted with its length to the POWER."""
    total, mean, second = 0.0, np.zeros(x.shape[1]), np.zeros((x.shape[1],) * 2)
    for start in range(0, len(x), BLOCK):
        rows = x[start : start + BLOCK].astype(np.float64)
        weight = np.linalg.norm(rows, axis=1) ** POWER
        direction = unit(rows)
        total += float(weight.sum())
        mean += weight @ direction
        second += (direction * weight[:, None]).T @ direction
    mean /= total
    covariance: NDArray[np.float64] = second / total - np.outer(mean, mean)
    return covariance


def _square_root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """(d, d) the symmetric square root, scaled so that the strongest direction keeps its length.

    The identity where all rows point in one direction, so that such features stay as they are.
    """
    if not np.trace(covariance) > SAME:
        return np.eye(len(covariance))
    value, axis = np.linalg.eigh(covariance)
    strength = np.sqrt(np.clip(value / value[-1], 0, None))
    root: NDArray[np.float64] = (axis * strength) @ axis.T
    return root
