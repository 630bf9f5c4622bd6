"""Graphs prepared in advance: the result of surgery.py for a model's file, without the onnx library.

A graph in the ONNX format consists mostly of weights, and the model's file contains these, packed into 8
bits. The folder `prepared` has for each model of `castlist find` the rest of its graph (NAME.rest) and the
list of pieces (NAME.json) that make up the graph, byte for byte. scripts/make_networks.py writes both. To
import onnx takes a sixth of a second, and to change a graph with it as long again.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TypedDict, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["FOLDER", "Array", "Graph", "Weight", "is_prepared", "put_together", "unpack"]

FOLDER = Path(__file__).parent / "prepared"
PART = 1 << 16  # numbers unpacked at a time: they stay in the processor's cache until they are written


class Array(TypedDict):
    """An array in a model's file."""

    at: int  # bytes from the beginning of the file
    dtype: str
    shape: list[int]


class Weight(TypedDict):
    """A weight of a graph: an array of floats, or the inputs of ONNX's DequantizeLinear.

    These are the packed array, a scale and sometimes a zero point, with the operator's axis and block size.
    """

    arrays: list[Array]
    axis: int
    block: int


class Graph(TypedDict):
    """The pieces of a graph, in order; a number is a count of bytes of the rest."""

    pieces: list[int | Weight]


def is_prepared(name: str) -> bool:
    """Whether the graph of a model was prepared in advance."""
    return (FOLDER / f"{name}.json").is_file()


def put_together(name: str, data: bytes) -> bytes:
    """The graph of a model, from the bytes of the model's file."""
    graph: Graph = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    rest, used = memoryview((FOLDER / f"{name}.rest").read_bytes()), 0
    whole = io.BytesIO()  # returns its contents without a copy: new memory pages would take most of the time
    for piece in graph["pieces"]:
        if isinstance(piece, int):
            whole.write(rest[used : used + piece])
            used += piece
        else:
            for values in _weight(piece, data):
                whole.write(values.data)
    return whole.getvalue()


def _weight(weight: Weight, data: bytes) -> Iterator[NDArray[np.generic]]:
    """The values of a weight in order, PART at a time."""
    arrays = [
        np.frombuffer(data, array["dtype"], prod(array["shape"]), array["at"]).reshape(array["shape"])
        for array in weight["arrays"]
    ]
    if len(arrays) == 1:
        yield arrays[0]
        return
    axis, rows = weight["axis"], len(arrays[0])
    apart = axis > 0 and all(len(array.shape) > 1 and len(array) == rows for array in arrays)
    step = max(1, PART * rows // arrays[0].size) if apart else rows
    for i in range(0, rows, step):
        parts = [array[i : i + step] for array in arrays] if apart else arrays
        yield np.ascontiguousarray(unpack(*parts, axis=axis, block=weight["block"]))


Scalar = TypeVar("Scalar", bound=np.generic)


def unpack(
    packed: NDArray[np.generic],
    scale: NDArray[np.generic],
    zero: NDArray[np.generic] | None = None,
    *,
    axis: int,
    block: int,
) -> NDArray[np.float32]:
    """The result of ONNX's DequantizeLinear: (packed - zero) * scale, per tensor, axis or block."""

    def spread(values: NDArray[Scalar]) -> NDArray[Scalar]:
        if values.size == 1:
            return values.reshape(())
        if values.ndim == packed.ndim and block:
            return np.repeat(values, block, axis)[(slice(None),) * axis + (slice(packed.shape[axis]),)]
        shape = [1] * packed.ndim
        shape[axis] = -1
        return values.reshape(shape)

    shifted = packed.astype(np.float32)
    if zero is not None:
        shifted -= spread(zero).astype(np.float32)
    shifted *= spread(scale).astype(np.float32)
    return shifted
