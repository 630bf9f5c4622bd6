"""A nearest-neighbour index (faiss) of every track of every film, for millions of faces.

People are compared exactly and need no index. This index is made on request, from the films' workspaces. It
is approximate (faiss: product quantization, then half precision) and read from the disk during searches, so
that it may be larger than memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.means import track_means
from castlist.errors import CastlistError, InputError, WorkspaceError
from castlist.extras import needed
from castlist.library import views
from castlist.library.harvest import track_vectors
from castlist.library.search import fitting
from castlist.store.folder import Folder

if TYPE_CHECKING:
    import faiss

__all__ = [
    "INDEX",
    "IndexMade",
    "Made",
    "TrackHit",
    "build_index",
    "drop_index",
    "make_index",
    "search_index",
]

INDEX, WHERE, ABOUT = "tracks.faiss", "tracks.npy", "tracks.json"  # in the library's folder
FEW = 10_000  # tracks up to which the index is exact
SAMPLE = 100_000  # tracks from which codes are trained and queries of the check are taken, at most
CHECKS = 64  # tracks also searched exactly, to choose how many candidates are compared again
NEIGHBOURS = 10  # nearest tracks of each of the checked tracks
RECALL = 0.98  # share of the neighbours to find: .95 is promised, and other queries are a little harder
_ABOUT_LONGEST = 64 << 20  # bytes of the list of films, at most: a film takes a hundred
TWICE = (10, 30, 100, 300, 1000, 3000)  # candidates for each result that are compared again: tried in order


@dataclass(frozen=True, slots=True)
class TrackHit:
    """A track that looks like a given face."""

    film: views.LibraryFilm
    track: int  # track index in the film's workspace
    start: float  # seconds
    cosine: float


def _faiss() -> ModuleType:
    with needed("an index of all tracks", "faiss"):
        import faiss
    return faiss


@dataclass(frozen=True, slots=True)
class Made:
    """A faiss index and its recall."""

    index: faiss.Index
    recall: float  # of the ten nearest tracks, against an exact search
    twice: int  # candidates for each result that are compared again; 0: the index is exact


def make_index(
    vectors: Iterator[NDArray[np.float32]], count: int, width: int, sample: NDArray[np.float32]
) -> Made:
    """A faiss index of `count` unit vectors (n, d), given in pieces, with an even sample of them.

    All tracks are compared by codes of 4 bits for every two numbers, and the best of them again in half
    precision. Inverted lists do not help: vectors of faces fill their space evenly, so that the nearest
    tracks lie in nearly all lists. Candidates are compared again until `RECALL` of the neighbours by an exact
    search is found for a sample of the tracks. [Jégou, Douze, Schmid, "Product quantization for nearest
    neighbor search", PAMI 2011; André, Kermarrec, Le Scouarnec, "Cache locality is not enough", VLDB 2015]
    """
    faiss = _faiss()
    coded = count > FEW and width % 2 == 0
    name = f"PQ{width // 2}x4fs,Refine(SQfp16)" if coded else "SQfp16"
    index = faiss.index_factory(width, name, faiss.METRIC_INNER_PRODUCT)
    index.train(np.ascontiguousarray(sample, np.float32))
    check = IndexCheck(np.ascontiguousarray(sample[:: max(1, len(sample) // CHECKS)][:CHECKS], np.float32))
    for piece in vectors:
        index.add(np.ascontiguousarray(piece, np.float32))
        if coded:
            check.take(piece)
    if not coded:
        return Made(index, 1.0, 0)
    for twice in TWICE:
        index.k_factor = float(twice)
        recall = check.recall(index)
        if recall >= RECALL:
            break
    return Made(index, recall, twice)


class IndexCheck:
    """The exact neighbours of some queries, updated piece by piece."""

    def __init__(self, queries: NDArray[np.float32]) -> None:
        self.queries = queries
        self.cosine = np.full((len(queries), NEIGHBOURS), -2, np.float32)
        self.row = np.full((len(queries), NEIGHBOURS), -1, np.int64)
        self.count = 0

    def take(self, piece: NDArray[np.float32]) -> None:
        """Update the neighbours by a further piece of the vectors."""
        cosine = self.queries @ piece.T
        near = np.argpartition(-cosine, min(NEIGHBOURS, len(piece)) - 1, axis=1)[:, :NEIGHBOURS]
        cosine = np.concatenate([self.cosine, np.take_along_axis(cosine, near, 1)], axis=1)
        row = np.concatenate([self.row, self.count + near], axis=1)
        top = np.argsort(-cosine, axis=1, kind="stable")[:, :NEIGHBOURS]
        self.cosine, self.row = np.take_along_axis(cosine, top, 1), np.take_along_axis(row, top, 1)
        self.count += len(piece)

    def recall(self, index: faiss.Index) -> float:
        """The share of the exact neighbours that an index finds."""
        _, rows = index.search(self.queries, NEIGHBOURS)
        pairs = zip(self.row.tolist(), rows.tolist(), strict=True)
        return float(np.mean([len({*a} & {*b}) / NEIGHBOURS for a, b in pairs]))


@dataclass(frozen=True, slots=True)
class IndexMade:
    """The result of making an index of all tracks."""

    tracks: int
    recall: float  # of the ten most alike tracks, against an exact search
    twice: int  # candidates for each result that are compared again; 0: the index is exact
    failed: tuple[str, ...]  # a sentence for each film that could not be read


def build_index(db: sqlite3.Connection, library: Path, model: str = "sface") -> IndexMade:
    """Make the index of all tracks of the films of one model."""
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
        if not len(rows):  # the film has no people, or all were erased
            continue
        means.append(mean[rows].astype(np.float16))
        ticks = np.array([round(1000 * float(starts[r])) for r in rows.tolist()], np.int64)
        where.append(np.stack([np.full(len(rows), film.id), rows, ticks], 1).astype(np.int64))
    if not means:
        raise InputError(
            f"{library}: has no tracks with faces of the model {model} to make an index of; add films first"
        )
    every = max(1, sum(map(len, means)) // SAMPLE)
    sample = np.concatenate([m[::every] for m in means]).astype(np.float32)
    places = np.concatenate(where)
    made = make_index((m.astype(np.float32) for m in means), len(places), sample.shape[1], sample)
    _write(
        library,
        made.index,
        places,
        model,
        {film.id: film.digest for film in views.films(db, library)},
        made.twice,
    )
    return IndexMade(len(places), made.recall, made.twice, tuple(failed))


def _write(
    library: Path,
    index: faiss.Index,
    places: NDArray[np.int64],
    model: str,
    films: dict[int, str],
    twice: int,
) -> None:
    faiss, folder = _faiss(), Folder(library)
    drop_index(library)
    with folder.written(INDEX) as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))
    with folder.written(WHERE) as file:
        np.save(file, places, allow_pickle=False)
    about = {"model": model, "films": films, "twice": twice}
    with folder.written(ABOUT) as file:
        file.write(json.dumps(about).encode())


def drop_index(library: Path) -> None:
    """Remove the index: it has vectors of erased people."""
    for name in (INDEX, WHERE, ABOUT):
        (library / name).unlink(missing_ok=True)


def search_index(
    db: sqlite3.Connection, library: Path, query: NDArray[np.float32], count: int = 20
) -> list[TrackHit]:
    """The tracks that look most like a face (d,), the most alike first.

    Raises:
        InputError: the vectors of the library have another length.
        WorkspaceError: there is no index, or it belongs to other films.
    """
    opened = _opened(library)
    fitting(query, opened.index.d)
    cosine, rows = opened.index.search(
        np.ascontiguousarray(query[None], np.float32), min(count, opened.index.ntotal)
    )
    films = {film.digest: film for film in views.films(db, library)}
    hits = []
    for c, row in zip(cosine[0].tolist(), rows[0].tolist(), strict=True):
        film = films.get(opened.films.get(str(int(opened.places[row, 0])), "")) if row >= 0 else None
        if film is not None:
            hits.append(TrackHit(film, int(opened.places[row, 1]), float(opened.places[row, 2]) / 1000, c))
    return hits


@dataclass(frozen=True, slots=True)
class _OpenIndex:
    """An index on the disk, opened."""

    index: faiss.Index
    places: NDArray[np.int64]  # (n, 3) film, track, milliseconds
    films: dict[str, str]  # id of a film in `places` -> its digest


def _opened(library: Path) -> _OpenIndex:
    """The index of a library.

    Raises:
        WorkspaceError: there is no index, or it is damaged.
    """
    faiss, folder = _faiss(), Folder(library)
    if folder.check(INDEX) is None or folder.check(WHERE) is None or folder.check(ABOUT) is None:
        raise WorkspaceError(f"{library}: has no index of tracks; castlist library index makes one")
    try:
        about = json.loads(folder.read(ABOUT, _ABOUT_LONGEST))
        films, twice = dict(about["films"]), float(about.get("twice", 0))
        places = np.load(library / WHERE, mmap_mode="r", allow_pickle=False)
        index = faiss.read_index(str(library / INDEX), faiss.IO_FLAG_MMAP_IFC)
        if places.dtype != np.int64 or places.shape != (index.ntotal, 3) or not 0 <= twice <= max(TWICE):
            raise ValueError(places.shape)
        if not all(isinstance(digest, str) for digest in films.values()):
            raise ValueError(ABOUT)
        if twice:
            index = faiss.downcast_index(index)
            if not hasattr(index, "k_factor"):
                raise ValueError(INDEX)
            index.k_factor = twice
    except (ValueError, TypeError, LookupError, EOFError, OSError, RuntimeError) as error:  # faiss: the last
        raise WorkspaceError(
            f"{library}: its index of tracks is damaged; castlist library index makes it again"
        ) from error
    return _OpenIndex(index, places, films)
