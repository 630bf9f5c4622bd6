"""An index of every track of every film, for whoever wants more than people: millions of faces, a few
milliseconds.

People are compared exactly and need no index. This one is made when somebody asks for it, from the films'
workspaces;
it is approximate (faiss: inverted lists, half precision) and read from the disk as it is searched, so that
it may be
larger than memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.means import track_means
from castlist.errors import CastlistError, InputError, MissingExtra, WorkspaceError
from castlist.library import views
from castlist.library.harvest import track_vectors
from castlist.store.folder import Folder

__all__ = ["INDEX", "TrackHit", "build_index", "drop_index", "make_index", "search_index"]

INDEX, WHERE, ABOUT = "tracks.faiss", "tracks.npy", "tracks.json"  # in the library's folder
LISTS = 4  # inverted lists: times the square root of the tracks [faiss wiki, Guidelines to choose an index]
LEARN = 64  # tracks a list from which the lists' centres are learnt
PROBED = 32  # lists searched
FEW = 10_000  # tracks up to which nothing is approximated


@dataclass(frozen=True, slots=True)
class TrackHit:
    """A track that looks like a face."""

    film: views.LibraryFilm
    track: int  # in the film's workspace
    start: float  # seconds
    cosine: float


def _faiss() -> Any:
    try:
        import faiss
    except ImportError:
        raise MissingExtra("an index of all tracks", "faiss") from None
    return faiss


def make_index(
    vectors: Iterator[NDArray[np.float32]], count: int, width: int, sample: NDArray[np.float32]
) -> Any:
    """A faiss index of `count` unit vectors (n, d) that come in pieces, given an even sample of them."""
    faiss = _faiss()
    if count <= FEW:
        index = faiss.index_factory(width, "SQfp16", faiss.METRIC_INNER_PRODUCT)
    else:
        lists = max(1, int(LISTS * np.sqrt(count)))
        index = faiss.index_factory(width, f"IVF{lists},SQfp16", faiss.METRIC_INNER_PRODUCT)
        index.cp.seed = 0
        index.cp.max_points_per_centroid = LEARN
        index.cp.min_points_per_centroid = 1
        index.nprobe = PROBED
    index.train(np.ascontiguousarray(sample))
    for piece in vectors:
        index.add(np.ascontiguousarray(piece, np.float32))
    return index


def build_index(db: sqlite3.Connection, library: Path, model: str = "sface") -> tuple[int, list[str]]:
    """Make the index of all tracks of the films of one model; how many tracks, and what could not be read."""
    means: list[NDArray[np.float32]] = []
    where: list[NDArray[np.int64]] = []
    failed = []
    for film in views.films(db, library):
        if film.model != model:
            continue
        try:
            faces, starts = track_vectors(film.workspace)
        except CastlistError as error:
            failed.append(f"{film.name}: {error}")
            continue
        mean, count = track_means(faces)
        rows = np.flatnonzero(count > 0)
        means.append(mean[rows].astype(np.float16))
        ticks = np.array([round(1000 * float(starts[r])) for r in rows.tolist()], np.int64)
        where.append(np.stack([np.full(len(rows), film.id), rows, ticks], 1).astype(np.int64))
    if not means:
        raise InputError(f"{library}: has no film of the model {model} to make an index of")
    every = max(1, sum(map(len, means)) // (LEARN * 20_000))
    sample = np.concatenate([m[::every] for m in means]).astype(np.float32)
    places = np.concatenate(where)
    index = make_index((m.astype(np.float32) for m in means), len(places), sample.shape[1], sample)
    _write(library, index, places, model, {film.id: film.digest for film in views.films(db, library)})
    return len(places), failed


def _write(library: Path, index: Any, places: NDArray[np.int64], model: str, films: dict[int, str]) -> None:
    faiss, folder = _faiss(), Folder(library)
    drop_index(library)
    with folder.written(INDEX) as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))
    with folder.written(WHERE) as file:
        np.save(file, places, allow_pickle=False)
    about = {"model": model, "films": films}
    with folder.written(ABOUT) as file:
        file.write(json.dumps(about).encode())


def drop_index(library: Path) -> None:
    """Remove the index: it holds vectors of whoever is erased."""
    for name in (INDEX, WHERE, ABOUT):
        (library / name).unlink(missing_ok=True)


def search_index(
    db: sqlite3.Connection, library: Path, query: NDArray[np.float32], count: int = 20
) -> list[TrackHit]:
    """The tracks that look most like a face (d,), the most alike first.

    Raises:
        WorkspaceError: there is no index, or it belongs to other films.
    """
    faiss, folder = _faiss(), Folder(library)
    if folder.check(INDEX) is None or folder.check(WHERE) is None or folder.check(ABOUT) is None:
        raise WorkspaceError(f"{library}: has no index of tracks; castlist library index makes one")
    about = json.loads(folder.read(ABOUT, 64 << 20))
    index = faiss.read_index(str(library / INDEX), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
    places = np.load(library / WHERE, mmap_mode="r", allow_pickle=False)
    if index.ntotal != len(places) or index.d != len(query):
        raise WorkspaceError(
            f"{library}: its index of tracks is damaged; castlist library index makes it anew"
        )
    cosine, rows = index.search(np.ascontiguousarray(query[None], np.float32), min(count, index.ntotal))
    films = {film.digest: film for film in views.films(db, library)}
    hits = []
    for c, row in zip(cosine[0].tolist(), rows[0].tolist(), strict=True):
        film = films.get(about["films"].get(str(int(places[row, 0])), "")) if row >= 0 else None
        if film is not None:
            hits.append(TrackHit(film, int(places[row, 1]), float(places[row, 2]) / 1000, c))
    return hits
