"""The stills of a film that a report shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.types import freeze

__all__ = ["Stills"]


@dataclass(frozen=True, eq=False, slots=True)
class Stills:
    """Whole frames, stored as small pictures.

    Raises:
        InputError: the columns are not of one length.
    """

    frame: NDArray[np.int64]  # (n,) increasing
    image: tuple[str, ...]  # (n,) file name of a small JPEG among the workspace's thumbs

    def __post_init__(self) -> None:
        freeze(self, frame=(np.int64, (None,)))
        if len(self.image) != len(self.frame):
            raise InputError(f"Stills.image has {len(self.image)} rows, expected {len(self.frame)}")

    @classmethod
    def empty(cls) -> Self:
        """No stills."""
        return cls(np.zeros(0, np.int64), ())

    def __len__(self) -> int:
        return len(self.frame)
