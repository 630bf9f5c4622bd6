"""An index of millions of tracks: recall against an exact search, seconds and memory.

    python benchmarks/library_index.py FOLDER [--tracks 10000000] [--width 128]

Tracks are drawn with the distribution of SFace's: two tracks of one person have a cosine of about .55, and
two people one of about .15; the number of tracks of a person falls off as in a library (Pareto, exponent 1.2:
half of the people have one or two, a few have hundreds). Queries are further faces of people in the index.
Building and searching run in separate processes, so that the memory of each is measured alone.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from castlist.library.track_index import SAMPLE, IndexCheck, make_index

PIECE = 250_000
# Shares of a vector's squared length: the part common to all people, the person's, the track's.
ALL, OWN, NOISE = (
    0.15,
    0.40,
    0.45,
)
QUERIES = 200


def piece(number: int, rows: int, width: int, queries: int = 0) -> np.ndarray:
    """(rows, width) unit vectors of whole people, or further faces of some of them."""
    rng = np.random.default_rng([number, 2])
    counts = np.minimum(1 + rng.pareto(1.2, size=rows).astype(np.int64), 500)
    counts = counts[: int(np.searchsorted(np.cumsum(counts), rows)) + 1]
    centre = rng.normal(size=(len(counts), width)).astype(np.float32) / np.float32(np.sqrt(width))
    who = np.repeat(np.arange(len(counts)), counts)[:rows]
    if queries:
        who = np.random.default_rng([number, 3]).choice(who, queries)
        rng = np.random.default_rng([number, 4])
    common = np.random.default_rng(1).normal(size=width).astype(np.float32) / np.float32(np.sqrt(width))
    noise = rng.standard_normal(size=(len(who), width), dtype=np.float32) / np.float32(np.sqrt(width))
    x = (
        np.sqrt(np.float32(ALL)) * common
        + np.sqrt(np.float32(OWN)) * centre[who]
        + np.sqrt(np.float32(NOISE)) * noise
    )
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def pieces(tracks: int, width: int) -> Iterator[np.ndarray]:
    """All tracks."""
    for number in range(-(-tracks // PIECE)):
        yield piece(number, min(PIECE, tracks - number * PIECE), width)


def build(path: Path, tracks: int, width: int) -> str:
    """Build the index and write it."""
    import faiss

    every = max(1, tracks // SAMPLE)
    sample = np.concatenate([p[::every] for p in pieces(tracks, width)])
    made = make_index(pieces(tracks, width), tracks, width, sample)
    faiss.write_index(made.index, str(path))
    path.with_suffix(".twice").write_text(str(made.twice))
    return (
        f"{tracks} tracks of {width} numbers, {path.stat().st_size >> 20} MB; {made.twice} candidates for "
        f"each result are compared again, recall at 10 of its own check {made.recall:.3f}"
    )


def search(path: Path, tracks: int, width: int) -> str:
    """Search the index on the disk, and exactly."""
    import faiss

    number = (-(-tracks // PIECE)) // 2
    query = np.ascontiguousarray(piece(number, min(PIECE, tracks), width, QUERIES))
    index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    faiss.downcast_index(index).k_factor = float(path.with_suffix(".twice").read_text())
    index.search(query[:1], 10)  # reads it from the disk to memory
    read = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    before, cpu = time.perf_counter(), time.process_time()
    _, found = index.search(query, 10)
    took, used = time.perf_counter() - before, time.process_time() - cpu
    check = IndexCheck(query)
    for p in pieces(tracks, width):
        check.take(p)
    best = check.cosine
    hit = np.array(
        [
            [row in own for row in exact]
            for exact, own in zip(check.row.tolist(), map(set, found.tolist()), strict=True)
        ]
    )
    like = best >= 0.4  # as similar as tracks of one person, and more than any two people
    return (
        f"{QUERIES} further faces: recall at 10 {hit.mean():.3f}, of tracks with a cosine of .4 and more "
        f"{hit[like].mean():.3f}; {1000 * used / QUERIES:.1f} ms of processor time a query "
        f"({1000 * took / QUERIES:.1f} ms clock), {read} MB of memory before the exact search"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--tracks", type=int, default=10_000_000)
    arguments.add_argument("--width", type=int, default=128)
    arguments.add_argument("--step", choices=["build", "search"])
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    path = given.folder / "tracks.faiss"
    if given.step is None:
        for step in ("build", "search"):
            words = [
                str(given.folder),
                "--tracks",
                str(given.tracks),
                "--width",
                str(given.width),
                "--step",
                step,
            ]
            subprocess.run([sys.executable, __file__, *words], check=True)
        return
    before = time.perf_counter()
    note = {"build": build, "search": search}[given.step](path, given.tracks, given.width)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        f"{given.step:7s} {used.ru_utime + used.ru_stime:8.1f} s processor "
        f"{time.perf_counter() - before:8.1f} s clock "
        f"{used.ru_maxrss >> 10:6d} MB  {note}",
        flush=True,
    )


if __name__ == "__main__":
    main()
