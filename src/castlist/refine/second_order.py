"""Second-order features, in closed form: two faces are alike where they are alike to the same faces.

With u the vectors at length 1, their mean m and the weights q (adding up to 1), the likeness of two faces is

    s(a, b) = sum over the faces i of the film of  q_i ((u_i - m) . u_a) ((u_i - m) . u_b)

times the lengths of their vectors. So it is the product of the features C^1/2 x of the unscaled vectors x,
where C is the weighted covariance of the film's own faces at length 1.
Directions in which the faces of the film do not differ lose their weight: constants of the face model, and
noise that is small in all faces. Directions that separate the film's people get more weight.
A face has the third power of its vector's length as weight, since the length follows the quality of the
picture in ArcFace and SFace features (Meng et al., MagFace, CVPR 2021, train it to). For the same reason the
features keep the length, so that clear faces dominate the mean of a track. Vectors of length 1 have equal
weights.

There is no training: no seed, no number of steps, no collapse; even with few faces, the differences within
the film are those of its people. This method is ours. It is related to the diffusion of likenesses over a
graph of all faces (Donoser and Bischof, CVPR 2013): one step of it, with the product as the graph's weights.
docs/refine.md has the measurements, and names the films and sets on which it was chosen.
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

SAME = 1e-12  # variance of unit vectors below which they differ by rounding only
POWER = 3  # power of a vector's length that weights its face; the best of 2, 3 and 4 on development films
BLOCK = 1 << 14  # rows held in double precision at a time: 67 MB for 512 dimensions


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """Faces compared by their likeness to all faces of the film; needs only faces, and no training."""

    def __call__(
        self,
        embeddings: Embeddings,
        constraints: Constraints,
        *,
        machine: Machine = Machine(),
        watch: Watch | None = None,
    ) -> Embeddings:
        """The embeddings with refined vectors (k, d); their `model` names it, as "sface+secondorder".

        Raises:
            InputError: there are too few faces, or all faces are equal.
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
        """The linear map C^1/2 of features x (n, d); all other arguments are ignored.

        Raises:
            InputError: x has another shape, holds NaN, has fewer than 4 rows, or only equal rows.
        """
        rows = checked(x)
        d = rows.shape[1]
        root = _square_root(_covariance(rows)).astype(np.float32)
        network = Network(
            root, np.zeros(d, np.float32), np.zeros((d, 1), np.float32), np.zeros(1, np.float32)
        )
        return Refined(Scaling.fit(rows, ScalingKind.RAW), network, {"method": type(self).__name__})


def _covariance(x: NDArray[np.float32]) -> NDArray[np.float64]:
    """(d, d) the covariance of the rows x (n, d) at length 1, each weighted by its length to the POWER."""
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

    It is the identity where all rows have one direction, so that such features do not change.
    """
    if not np.trace(covariance) > SAME:
        return np.eye(len(covariance))
    value, axis = np.linalg.eigh(covariance)
    strength = np.sqrt(np.clip(value / value[-1], 0, None))
    root: NDArray[np.float64] = (axis * strength) @ axis.T
    return root
