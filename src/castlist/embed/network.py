"""Embeds faces by a recognition network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from castlist.embed.align import CHIP
from castlist.errors import InputError
from castlist.models import load
from castlist.option_values import check_options
from castlist.types import Machine

__all__ = ["ArcFace", "SFace"]

BATCH = 2  # chips in one run on a CPU: with 1, or 4 and more, each takes 4 % longer while the detector runs
BATCH_ELSEWHERE = 64  # on a GPU, which is idle while a small batch is prepared; not measured


@dataclass(frozen=True, slots=True)
class SFace:
    """128-d vectors with similar directions for pictures of one person.

    [Zhong et al.: SFace, sigmoid-constrained hypersphere loss. IEEE TIP 2021]. The network takes RGB of
    0 to 255. The vectors are not normalised: pictures of low quality have short vectors.
    """

    per_second: float = 1.0  # number of best faces embedded for each second of a track
    least: int = 3  # least number of faces embedded for each track, if it has so many

    model = "sface"
    dimensions: ClassVar[int] = 128

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, chips: NDArray[np.uint8], *, machine: Machine = Machine()) -> NDArray[np.float32]:
        """(n, 128) vectors of chips (n, 112, 112, 3) BGR uint8.

        Raises:
            InputError: the chips have another shape.
        """
        return _embed(self, _checked(chips), 1.0, 0.0, machine)


@dataclass(frozen=True, slots=True)
class ArcFace:
    """512-d vectors by ArcFace's MobileFaceNet; weights for non-commercial research only.

    [Deng et al.: ArcFace. CVPR 2019]. The network takes RGB of -1 to 1.
    """

    per_second: float = 1.0  # number of best faces embedded for each second of a track
    least: int = 3  # least number of faces embedded for each track, if it has so many

    model = "arcface-mbf"
    dimensions: ClassVar[int] = 512

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, chips: NDArray[np.uint8], *, machine: Machine = Machine()) -> NDArray[np.float32]:
        """(n, 512) vectors of chips (n, 112, 112, 3) BGR uint8.

        Raises:
            InputError: the chips have another shape.
            MissingExtra: the research models are not installed.
        """
        return _embed(self, _checked(chips), 1 / 127.5, -1.0, machine)


def _checked(chips: NDArray[np.uint8]) -> NDArray[np.uint8]:
    chips = np.asarray(chips)
    if chips.ndim != 4 or chips.shape[1:] != (CHIP, CHIP, 3):
        raise InputError(f"chips must have shape (n, {CHIP}, {CHIP}, 3), got {chips.shape}")
    return chips


def _embed(
    step: SFace | ArcFace, chips: NDArray[np.uint8], scale: float, shift: float, machine: Machine
) -> NDArray[np.float32]:
    network = load(step.model, machine)
    rows, size = [], BATCH if network.provider == "CPUExecutionProvider" else BATCH_ELSEWHERE
    for start in range(0, len(chips), size):
        batch = chips[start : start + size, :, :, ::-1].transpose(0, 3, 1, 2)
        x = np.ascontiguousarray(batch, np.float32) * np.float32(scale) + np.float32(shift)
        rows.append(next(iter(network(x).values())))
    return np.concatenate(rows) if rows else np.zeros((0, step.dimensions), np.float32)
