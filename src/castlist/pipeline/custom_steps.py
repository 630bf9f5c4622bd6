"""Checks the results of a user's own detector or embedder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from castlist.errors import RecipeError
from castlist.types import Detections, Machine

__all__ = ["finder_of", "is_own", "vectors_of"]


def is_own(step: object) -> bool:
    """Whether a step is of a class that is not castlist's."""
    return not type(step).__module__.startswith("castlist.")


def finder_of(detect: Callable[..., Detections]) -> Callable[..., Detections]:
    """The detector; the result of a user's own detector is checked.

    Raises:
        RecipeError: when called: the result is no `Detections`, or holds numbers that are no boxes or scores.
    """
    if not is_own(detect):
        return detect

    def found(image: NDArray[np.uint8], *, scale: float, machine: Machine) -> Detections:
        faces = detect(image, scale=scale, machine=machine)
        name = f"detect: the result of {type(detect).__name__}"
        if not isinstance(faces, Detections):
            raise RecipeError(f"{name} is {type(faces).__name__}; a detector gives castlist.types.Detections")
        if not all(np.isfinite(c).all() for c in (faces.box, faces.score, faces.landmarks)):
            raise RecipeError(f"{name} has boxes, scores or landmarks that are not finite")
        if (faces.box[:, 2:] <= faces.box[:, :2]).any():
            raise RecipeError(f"{name} has boxes that are not left, top, right, bottom")
        if ((faces.score < 0) | (faces.score > 1)).any():
            raise RecipeError(f"{name} has scores that are not from 0 to 1")
        return faces

    return found


def vectors_of(embed: object, found: object, count: int) -> NDArray[np.float32]:
    """(count, d) the vectors of an embedder for `count` chips; those of a user's own embedder are checked.

    Raises:
        RecipeError: the result is not one vector of finite numbers for each chip.
    """
    if not is_own(embed):
        return found  # type: ignore[return-value]
    try:
        vector: NDArray[np.float32] = np.asarray(found, np.float32)
    except (TypeError, ValueError):
        vector = np.zeros(0, np.float32)
    if vector.ndim != 2 or len(vector) != count or not np.isfinite(vector).all():
        given = f"an array of shape {vector.shape}" if isinstance(found, np.ndarray) else type(found).__name__
        given += "" if np.isfinite(vector).all() else " with numbers that are not finite"
        raise RecipeError(
            f"embed: {type(embed).__name__} must give {count} vectors of finite numbers for {count} faces, "
            f"an array of shape ({count}, d); got {given}"
        )
    return vector
