"""Make labelled feature files harder: fewer dimensions, or noise in every vector.

    python benchmarks/harder.py bbt0101.npz bf0502.npz OUT --ways 128-d noise

OUT gets SET_128-d.npz, a random projection to 128 dimensions, and SET_noise.npz, with normal noise of half
the median vector length added to each vector. All other arrays are unchanged. benchmarks/shrink.py makes
films harder.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]  # (faces, d)


def projected(x: Vectors) -> Vectors:
    return np.asarray(x @ np.random.default_rng(0).standard_normal((x.shape[1], 128)) / 128**0.5)


def noisy(x: Vectors) -> Vectors:
    length = 0.5 * float(np.median(np.linalg.norm(x, axis=1)))
    return np.asarray(x + np.random.default_rng(0).standard_normal(x.shape) * length / x.shape[1] ** 0.5)


WAYS: dict[str, Callable[[Vectors], Vectors]] = {"128-d": projected, "noise": noisy}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for path in given.data:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        for way in given.ways:
            vectors = WAYS[way](arrays["features"].astype(np.float64)).astype(np.float32)
            np.savez(given.out / f"{path.stem}_{way}.npz", **arrays | {"features": vectors})


if __name__ == "__main__":
    main()
