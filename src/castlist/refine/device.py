"""The device of arrays: NumPy on the CPU, torch tensors on a GPU."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError, MissingExtra
from castlist.refine.network import Array
from castlist.types import Machine

__all__ = ["at_most", "choose_device", "fetch", "placer"]


def choose_device(machine: Machine) -> str:
    """The device that will be used: "cpu", "cuda" or "mps".

    "auto" is a GPU where torch is installed and finds one, else the CPU.

    Raises:
        MissingExtra: a GPU is requested by name and torch is not installed.
        InputError: torch does not find the device.
    """
    wanted = machine.device
    if wanted == "cpu" or (wanted == "auto" and not (find_spec("torch") and _perhaps_gpu())):
        return "cpu"
    if find_spec("torch") is None:
        raise MissingExtra(f"device '{wanted}'", "torch")
    import torch

    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next((name for name, present in available.items() if present), "cpu")
    if not available[wanted]:
        raise InputError(f"torch sees no '{wanted}' device here; use device 'auto' or 'cpu'")
    return wanted


def _perhaps_gpu() -> bool:
    """Whether there may be a GPU, so that importing torch (seconds) pays: on Linux a driver is a file."""
    return sys.platform != "linux" or any(any(Path("/dev").glob(name)) for name in ("nvidia*", "kfd", "dxg"))


def placer(device: str) -> Callable[[NDArray[np.generic]], Array]:
    """A function that moves a NumPy array to the device: unchanged on the CPU, else as a torch tensor."""
    if device == "cpu":
        return np.asarray
    import torch

    return lambda array: torch.from_numpy(np.ascontiguousarray(array)).to(device)


def fetch(array: Array) -> NDArray[np.floating]:
    """An array of any device as a NumPy array; the reverse of `placer`."""
    return np.asarray(array.cpu() if hasattr(array, "cpu") else array)


@contextmanager
def at_most(threads: int) -> Iterator[None]:
    """Limit matrix products to this number of threads; 0 changes nothing."""
    if not threads:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads):
        yield
