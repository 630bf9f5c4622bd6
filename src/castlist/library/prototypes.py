"""Select the prototypes of a member: a few faces that cover its variety."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST", "choose_prototypes"]

MOST = 16  # prototypes of a person in a film, at most
LOOKED_AT = 1500  # faces of a person among which prototypes are chosen, at most: more faces show nothing new


def choose_prototypes(
    vectors: NDArray[np.float32], quality: NDArray[np.float32], most: int = MOST
) -> NDArray[np.int64]:
    """Rows of at most `most` faces such that every face is similar to one of them.

    Light, pose and age change a face's vector, so covering the vectors covers these. Greedy facility
    location: each further face gives the largest rise of the sum, over all faces, of the cosine to the
    nearest chosen face; a face counts by its quality. An outlier is similar to no other face and is therefore
    chosen late, unlike in farthest-point sampling. [Nemhauser, Wolsey, Fisher 1978: at least 1 - 1/e of the
    best sum]

    Args:
        vectors: (n, d) unit vectors of one person's faces.
        quality: (n,) 0 to 1.

    Returns:
        (k,) rows, the most typical face first.
    """
    rows = _looked_at(quality)
    x, weight = vectors[rows], np.clip(quality[rows], 1e-3, None)
    gain = (x @ x.T + 1) / 2  # an opposite vector has gain 0
    covered = np.zeros(len(rows), np.float32)
    chosen: list[int] = []
    for _ in range(min(most, len(rows))):
        value = weight @ np.maximum(gain - covered[:, None], 0)
        value[chosen] = -1
        best = int((value * (0.5 + weight / 2)).argmax())  # of two that cover the same, the better picture
        chosen.append(best)
        covered = np.maximum(covered, gain[:, best])
    return rows[chosen]


def _looked_at(quality: NDArray[np.float32]) -> NDArray[np.int64]:
    """All rows in order, or those of the best quality where there are very many."""
    if len(quality) <= LOOKED_AT:
        return np.arange(len(quality), dtype=np.int64)
    return np.sort(np.argsort(-quality, kind="stable")[:LOOKED_AT])
