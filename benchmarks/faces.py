"""Random vectors like those of a face model, from a seed, with the people they belong to.

A person is a direction from a decaying spectrum, so that the cosines of two people vary as with face models
(mean 0, standard deviation about .06). A person has scenes, a scene has faces, and faces differ in clarity:
cosines within a person are .42 on average, with a standard deviation of .12. Sizes have a long tail: most
people have a few faces, some have thousands.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SCENE, FACE = 0.6, 1.0  # lengths of a scene's and of a clear face's own part; a person's has length 1
BLUR = 0.4  # standard deviation of the logarithm of a face's own length
PIECE = 16384


def people_sizes(
    n: int, rng: np.random.Generator, mean: float = 20.0, tail: float = 1.3
) -> NDArray[np.int64]:
    """(p,) numbers of faces with the sum n: log-normal, at least one, the largest at most a tenth of all."""
    drawn = np.exp(rng.normal(np.log(mean) - tail**2 / 2, tail, int(2 * n / mean) + 10))
    sizes = np.clip(drawn.astype(np.int64), 1, max(1, n // 10))
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), n)) + 1]
    sizes[-1] -= sizes.sum() - n
    return np.asarray(sizes[sizes > 0])


def draw_faces(
    n: int, d: int = 512, seed: int = 0, path: Path | None = None
) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    """(n, d) unit vectors in random order, and (n,) the person of each.

    float32 in memory; with a path, a float16 memory map of that file, which is made if missing.
    """
    rng = np.random.default_rng(seed)
    sizes = people_sizes(n, rng)
    person = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    spectrum = (1 + np.arange(d) / 40.0) ** -0.5
    spectrum /= np.sqrt((spectrum**2).sum())
    who = rng.normal(size=(len(sizes), d)).astype(np.float32) * spectrum.astype(np.float32)
    scene = rng.integers(0, np.maximum(1, sizes[person] // 8))  # scenes of about eight faces
    if path is not None and path.exists() and path.stat().st_size == 2 * n * d:
        return np.memmap(path, np.float16, "r", shape=(n, d)), person
    table: NDArray[np.floating] = np.empty((n, d), np.float32) if path is None else _started(path, n, d)
    for start in range(0, n, PIECE):
        rows = slice(start, start + PIECE)
        draw = np.random.default_rng([seed, 1, start])
        blur = FACE * np.exp(BLUR * draw.normal(size=len(person[rows])))
        part = draw.normal(size=(len(person[rows]), d)) * blur[:, None]
        part += SCENE * _scenes(person[rows], scene[rows], d, seed)
        face = who[person[rows]] + (part * spectrum).astype(np.float32)
        table[rows] = face / np.linalg.norm(face, axis=1, keepdims=True)
    if path is not None:
        _unfinished(path).replace(path)
    return table, person


def _unfinished(path: Path) -> Path:
    """The path at which a file is drawn first, so that its own name never holds an incomplete file."""
    return path.with_name(path.name + ".part")


def _started(path: Path, n: int, d: int) -> NDArray[np.floating]:
    return np.memmap(_unfinished(path), np.float16, "w+", shape=(n, d))


def _scenes(person: NDArray[np.int64], scene: NDArray[np.int64], d: int, seed: int) -> NDArray[np.float32]:
    """(n, d) the part of each face's scene, equal wherever the scene occurs."""
    key, inverse = np.unique(np.stack([person, scene]), axis=1, return_inverse=True)
    parts = np.stack(
        [np.random.Generator(np.random.SFC64([seed, 2, int(p), int(s)])).normal(size=d) for p, s in key.T]
    )
    return parts[inverse.ravel()].astype(np.float32)
