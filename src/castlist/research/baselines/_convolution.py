"""Convolution over a graph with two kinds of edges, for FGG."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._shared import Floats

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module, ModuleDict

__all__ = ["adjacency", "forward", "network"]


def adjacency(torch: ModuleType, count: int, pairs: NDArray[np.int64], weight: Floats) -> Tensor:
    """D^-1/2 (A + I) D^-1/2 as a sparse tensor."""
    i = np.concatenate([pairs[:, 0], pairs[:, 1], np.arange(count)])
    j = np.concatenate([pairs[:, 1], pairs[:, 0], np.arange(count)])
    w = np.concatenate([weight, weight, np.ones(count)])
    degree = np.bincount(i, w, minlength=count)
    w = w / np.sqrt(degree[i] * degree[j])
    at, w = torch.from_numpy(np.stack([i, j])), torch.from_numpy(w.astype(np.float32))
    return torch.sparse_coo_tensor(at, w, (count, count), check_invariants=True).coalesce()


def network(torch: ModuleType, wide: int) -> ModuleDict:
    """A linear layer to 1024, and three residual convolutions to 512, 256 and 128."""
    sizes = [(1024, 512), (512, 256), (256, 128)]
    parts: dict[str, Module] = {"into": torch.nn.Linear(wide, 1024)}
    for n, (i, o) in enumerate(sizes):
        parts |= {f"must{n}": torch.nn.Linear(i, o), f"cannot{n}": torch.nn.Linear(i, o, bias=False)}
        parts[f"skip{n}"] = torch.nn.Linear(i, o, bias=False)
        if n < 2:
            parts[f"norm{n}"] = torch.nn.BatchNorm1d(o)
    return torch.nn.ModuleDict(parts)


def forward(torch: ModuleType, net: ModuleDict, nodes: Tensor, kinds: list[Tensor]) -> Tensor:
    """(m, 128) embeddings of the nodes; kinds are the adjacencies of must-links and of cannot-links."""
    elu = torch.nn.functional.elu
    h = elu(net["into"](nodes))
    for n in range(3):
        sides = [
            torch.sparse.mm(a, net[f"{kind}{n}"](h))
            for a, kind in zip(kinds, ("must", "cannot"), strict=True)
        ]
        h = sides[0] + sides[1] + net[f"skip{n}"](h)
        if n < 2:
            h = elu(net[f"norm{n}"](h))
    return h
