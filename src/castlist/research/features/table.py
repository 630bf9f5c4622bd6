"""The table of features of face tracks, and the common checks of its readers."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.errors import InputError, MissingExtra
from castlist.types import CO_OCCURRENCE, USER, Constraints, Embeddings, freeze
from castlist.vectors import converted, real_array, shaped, single_precision
from castlist.web_addresses import refuse_address

__all__ = [
    "LAYOUTS",
    "MAX_BYTES",
    "SAVED",
    "UNKNOWN_FRAME",
    "FeatureSet",
    "NoVectors",
    "as_labels",
    "check_amount",
    "check_plain",
    "check_unpacked",
    "gather",
    "kind_of",
    "numbered",
    "seen_together",
    "sentence",
]

MAX_BYTES = 8 << 30  # of an array: more than any known archive needs (ACCIO: 1.4 GB); larger ones are refused
LARGEST = 2**53  # numbers of tracks and frames: a double is exact up to this, too
UNKNOWN_FRAME = -1  # FeatureSet.frame, first and last if the archive has no frame numbers

NO_LABEL = "-1"  # label for no person in files, as in scikit-learn and others

BOMB = 64 << 20  # bytes up to which arrays are not checked for their compression
RATIO = 200  # most compression of larger arrays: vectors hardly compress

LAYOUTS = (
    "an SSIAM .mat, an FGG .mat (HDF5), a BCL directory or .ids file, or features of your own as .npz, .npy, "
    ".csv, .tsv, .parquet, .h5 or .safetensors"
)
SAVED = "save features of your own by np.savez('film.npz', features=..., track_id=..., frame=...)"


@dataclass(frozen=True, eq=False, slots=True)
class FeatureSet:
    """The faces of one video with their vectors, grouped into t tracks; k faces are stored.

    A set may store fewer faces than its tracks have (`size` counts all faces), and has no vectors (`dim` 0)
    if it was read by `read_structure` from a file without features.
    """

    embeddings: Embeddings  # (k, d) raw vectors; `track` is an index into the columns below
    track_id: NDArray[np.int64]  # (t,) the track's number in its archive
    first: NDArray[np.int64]  # (t,) first frame, or UNKNOWN_FRAME
    last: NDArray[np.int64]  # (t,) last frame, itself included, or UNKNOWN_FRAME
    size: NDArray[np.int64]  # (t,) number of faces of the track, including those not stored
    label: NDArray[np.str_] | None  # (t,) true person, "" for none; None: no track has a label
    frame: NDArray[np.int64]  # (k,) frame of each face, or UNKNOWN_FRAME
    box: NDArray[np.float32] | None  # (k, 4) left, top, right, bottom in pixels
    name: str  # of the video
    views: tuple[NDArray[np.float32], ...] = ()  # each (k, dv): other descriptors of the same faces
    view_names: tuple[str, ...] = ()  # name of each view
    links: Constraints = field(default_factory=Constraints.empty)  # from the file, in addition to frames
    together: Constraints | None = None  # co-occurring tracks, if they follow from faces that are not stored
    links_complete: bool = False  # `links` hold all co-occurring tracks, and frames are not used

    def __post_init__(self) -> None:
        column = (np.int64, (None,))
        freeze(self, track_id=column, first=column, last=column, size=column)
        freeze(self, frame=column)
        tracks, faces = len(self.track_id), len(self.frame)
        if len(self.embeddings) != faces:
            raise InputError(f"FeatureSet has {len(self.embeddings)} vectors and {faces} frames")
        if self.box is not None:
            freeze(self, box=(np.float32, (None, 4)))
            if len(self.box) != faces:
                raise InputError(f"FeatureSet.box has {len(self.box)} rows, expected {faces}")
        if self.label is not None:
            freeze(self, label=(np.str_, (None,)))
            if len(self.label) != tracks:
                raise InputError(f"FeatureSet.label has {len(self.label)} rows, expected {tracks}")
        self._check_views()
        self._check_tracks()

    def _check_views(self) -> None:
        if len(self.view_names) != len(self.views):
            raise InputError(
                f"FeatureSet has {len(self.views)} views and {len(self.view_names)} names for them"
            )
        for name, view in zip(self.view_names, self.views, strict=True):
            if view.ndim != 2 or view.dtype.kind not in "fiu" or len(view) != len(self.frame):
                raise InputError(
                    f"view `{name}` must be numbers of shape (faces, dimensions), got {view.shape}"
                )
            if not np.isfinite(view).all():
                raise InputError(f"view `{name}` holds NaN or infinite values; remove those faces first")

    def _check_tracks(self) -> None:
        tracks, track = len(self.track_id), self.embeddings.track
        if len(np.unique(self.track_id)) != tracks:
            raise InputError("two tracks have the same number; track numbers must differ")
        if len(track) and not 0 <= track.min() <= track.max() < tracks:
            raise InputError(f"a face belongs to a track outside the {tracks} there are")
        stored = np.bincount(track, minlength=tracks)
        if np.any(stored == 0):
            raise InputError(f"track {self.track_id[stored.argmin()]} has no face; leave such tracks out")
        if np.any(self.size < stored):
            raise InputError(
                f"track {self.track_id[np.argmax(self.size < stored)]} stores more faces than it has"
            )
        linked = np.concatenate([self.links.a, self.links.b])
        if len(linked) and not 0 <= linked.min() <= linked.max() < tracks:
            raise InputError(f"a link names a track outside the {tracks} there are")
        if np.any(self.last < self.first):
            raise InputError(
                f"track {self.track_id[np.argmax(self.last < self.first)]} ends before it starts"
            )

    def __len__(self) -> int:
        return len(self.track_id)

    @property
    def dim(self) -> int:
        """Number of dimensions of the vectors; 0 without vectors."""
        return int(self.embeddings.vector.shape[1])

    @property
    def faces(self) -> int:
        """Number of faces of all tracks, including those not stored."""
        return int(self.size.sum())

    @property
    def timed(self) -> bool:
        """Whether the frames, and so the co-occurrences, are known."""
        return len(self) == 0 or bool((self.first != UNKNOWN_FRAME).all())

    def constraints(self) -> Constraints:
        """Cannot-links between co-occurring tracks, and `links`.

        Two tracks with all faces stored co-occur if they share a frame, since a track may pause while another
        is visible. Of other tracks only the first and the last frame are known: they co-occur if these ranges
        overlap. Where the frames are not known (`timed`) or `links` are complete (`links_complete`), the
        result is `links`.

        Raises:
            InputError: a must-link joins two co-occurring tracks.
        """
        if self.links_complete:
            return self.links
        together, given = self._seen_together(), self.links
        known = set(zip(together.a.tolist(), together.b.tolist(), strict=True))
        pairs = [tuple(sorted(pair)) for pair in zip(given.a.tolist(), given.b.tolist(), strict=True)]
        wrong = [
            pair for pair, same in zip(pairs, given.same.tolist(), strict=True) if same and pair in known
        ]
        if wrong:
            a, b = self.track_id[list(wrong[0])].tolist()
            raise InputError(
                f"must_link joins tracks {a} and {b}, which are seen together: their frames say so; leave "
                "it out, or correct the frames"
            )
        new = given[given.same | np.array([pair not in known for pair in pairs], bool)]
        return Constraints(
            np.concatenate([together.a, new.a]),
            np.concatenate([together.b, new.b]),
            np.concatenate([together.same, new.same]),
            np.concatenate([together.origin, new.origin]),
        )

    def _seen_together(self) -> Constraints:
        if self.together is not None:
            return self.together
        if not self.timed:
            return Constraints.empty()
        pairs = self._overlapping()
        whole = self._whole()
        by_frame = whole[pairs].all(1)
        if by_frame.any():
            count = np.array([len(self), 1])
            shared = seen_together(self.embeddings.track, self.frame)
            pairs = pairs[~by_frame | np.isin(pairs @ count, shared @ count)]
        n = len(pairs)
        return Constraints(pairs[:, 0], pairs[:, 1], np.zeros(n, bool), np.full(n, CO_OCCURRENCE, np.int8))

    def _whole(self) -> NDArray[np.bool_]:
        """(t,) whether all faces of a track are stored, with their frames."""
        track = self.embeddings.track
        first, last = _spans(track, self.frame, len(self))
        stored = np.bincount(track, minlength=len(self)) == self.size
        known = np.bincount(track, self.frame == UNKNOWN_FRAME, len(self)) == 0
        return np.asarray(stored & known & (first == self.first) & (last == self.last))

    def _overlapping(self) -> NDArray[np.int64]:
        """(q, 2) pairs of tracks with overlapping ranges of frames, each pair once, smaller first."""
        order = np.argsort(self.first, kind="stable")
        first, last = self.first[order], self.last[order]
        # In order of their start, track i overlaps the later tracks that start before it ends.
        until = np.maximum(np.searchsorted(first, last, side="right"), np.arange(len(order)) + 1)
        count = until - np.arange(len(order)) - 1
        a = np.repeat(np.arange(len(order)), count)
        b = a + 1 + np.arange(len(a)) - np.repeat(np.cumsum(count) - count, count)
        pairs = np.sort(np.stack([order[a], order[b]], 1), axis=1)
        found: NDArray[np.int64] = pairs[np.lexsort(pairs.T[::-1])]
        return found

    def faces_of(self, rows: NDArray[np.int64]) -> FeatureSet:
        """The set with some of its stored faces, by rows in rising order; `size` still counts all faces.

        Raises:
            InputError: a track would have no face left.
        """
        return replace(
            self,
            embeddings=self.embeddings[rows],
            frame=self.frame[rows],
            box=None if self.box is None else self.box[rows],
            views=tuple(view[rows] for view in self.views),
            together=self._seen_together(),
        )

    def select(self, tracks: ArrayLike) -> FeatureSet:
        """The set with some of its tracks, chosen by mask (t,) or by indices in rising order."""
        kept = np.arange(len(self))[np.asarray(tracks)]
        place = np.full(len(self), -1)
        place[kept] = np.arange(len(kept))
        rows = np.flatnonzero(place[self.embeddings.track] >= 0)
        links, together = (
            None if table is None else _among(table, place) for table in (self.links, self.together)
        )
        old = self.embeddings[rows]
        new = Embeddings(old.vector, place[old.track], old.detection, old.quality, old.model)
        return FeatureSet(
            embeddings=new,
            track_id=self.track_id[kept],
            first=self.first[kept],
            last=self.last[kept],
            size=self.size[kept],
            label=None if self.label is None else self.label[kept],
            frame=self.frame[rows],
            box=None if self.box is None else self.box[rows],
            name=self.name,
            views=tuple(view[rows] for view in self.views),
            view_names=self.view_names,
            links=links or Constraints.empty(),
            links_complete=self.links_complete,
            together=together,
        )


def _among(links: Constraints, place: NDArray[np.int64]) -> Constraints:
    """The links between tracks with a new place (0 or more), as links between these places."""
    known = links[(place[links.a] >= 0) & (place[links.b] >= 0)]
    return Constraints(place[known.a], place[known.b], known.same, known.origin)


def seen_together(track: NDArray[np.int64], frame: NDArray[np.int64]) -> NDArray[np.int64]:
    """(q, 2) pairs of tracks with a common frame, each once, smaller first."""
    rows = np.unique(np.stack([frame, track], 1), axis=0)  # by frame, then track
    pairs = [np.zeros((0, 2), np.int64)]
    for step in range(1, len(rows)):
        shared = rows[step:, 0] == rows[:-step, 0]
        if not shared.any():
            break
        pairs.append(np.stack([rows[:-step, 1][shared], rows[step:, 1][shared]], 1))
    found: NDArray[np.int64] = np.unique(np.concatenate(pairs), axis=0)
    return found


def gather(
    name: str,
    vector: NDArray[np.generic],
    face_track: ArrayLike,
    *,
    track_id: ArrayLike,
    frame: ArrayLike | None = None,
    box: ArrayLike | None = None,
    label: ArrayLike | None = None,
    first: ArrayLike | None = None,
    last: ArrayLike | None = None,
    size: ArrayLike | None = None,
    quality: ArrayLike | None = None,
    views: Mapping[str, ArrayLike] | None = None,
    must_link: ArrayLike | None = None,
    cannot_link: ArrayLike | None = None,
    links_complete: bool = False,
) -> FeatureSet:
    """A FeatureSet of k faces, with the index of each face's track; spans and sizes are counted by default.

    `quality` (k,) of each picture is 1 by default; `views` are other descriptors of the same faces by name,
    each (k, dv); `must_link` and `cannot_link` (q, 2) are numbers of tracks known to be one person, or two;
    with `links_complete` co-occurrences are not taken from frames.

    Raises:
        InputError: columns do not fit each other, or vectors are not finite numbers.
    """
    if views is not None and not isinstance(views, Mapping):
        raise InputError(f"views must be arrays by their names, got {type(views).__name__}")
    vector = real_array(vector)
    if vector.ndim != 2 or vector.dtype.kind not in "fiu":
        raise InputError(f"features must be numbers of shape (faces, dimensions), got {kind_of(vector)}")
    track = shaped(face_track, np.int64, ("faces",), "face_track")
    track_id = _integers(track_id, "track_id")
    tracks, faces = len(track_id), len(track)
    if len(vector) != faces:
        raise InputError(f"there are {len(vector)} feature vectors for {faces} faces")
    frames = _face_frames(frame, faces)
    if faces and not 0 <= track.min() <= track.max() < tracks:
        raise InputError(f"a face belongs to a track outside the {tracks} there are")
    qualities = _face_quality(quality, faces)
    starts, ends = _spans(track, frames, tracks)
    return FeatureSet(
        embeddings=Embeddings(_single_precision(vector), track, np.full(faces, -1), qualities),
        track_id=track_id,
        first=starts if first is None else _integers(first, "first frames"),
        last=ends if last is None else _integers(last, "last frames"),
        size=np.bincount(track, minlength=tracks) if size is None else _integers(size, "track sizes"),
        label=None if label is None else as_labels(label),
        frame=frames,
        box=None if box is None else converted(box, np.float32, "box"),
        name=name,
        views=tuple(_plain(key, view) for key, view in (views or {}).items()),
        view_names=tuple(views or {}),
        links=_links(must_link, cannot_link, track_id),
        links_complete=links_complete,
    )


def _face_frames(frame: ArrayLike | None, faces: int) -> NDArray[np.int64]:
    """(faces,) the frame of each face, UNKNOWN_FRAME by default."""
    frames = np.full(faces, UNKNOWN_FRAME) if frame is None else _integers(frame, "frame")
    if len(frames) != faces:
        raise InputError(f"there are {len(frames)} frame numbers for {faces} faces")
    if frame is not None and np.any(frames < 0):
        raise InputError("frame numbers must be 0 or more")
    return frames


def _face_quality(quality: ArrayLike | None, faces: int) -> NDArray[np.float32]:
    """(faces,) the quality of each face, 1 by default."""
    if quality is None:
        return np.ones(faces, np.float32)
    qualities = converted(quality, np.float32, "quality")
    if qualities.shape != (faces,):
        raise InputError(f"quality must have one number a face, ({faces},), got {qualities.shape}")
    if not np.isfinite(qualities).all():
        raise InputError("quality holds NaN or infinite values; give 0 for faces of unknown quality")
    return qualities


def _single_precision(vector: NDArray[np.generic]) -> NDArray[np.float32]:
    """A read-only copy of feature vectors as float32."""
    stored = single_precision(vector)
    if np.may_share_memory(stored, vector):
        stored = stored.copy()
    stored.flags.writeable = False  # so `Embeddings` does not copy it again
    return stored


def _links(
    must_link: ArrayLike | None, cannot_link: ArrayLike | None, track_id: NDArray[np.generic]
) -> Constraints:
    """Links between indices of tracks, from pairs of track numbers."""
    place = {number: i for i, number in enumerate(track_id.tolist())}
    found: list[tuple[int, int, bool]] = []
    known: dict[frozenset[int], bool] = {}
    for name, pairs, same in (("must_link", must_link, True), ("cannot_link", cannot_link, False)):
        array = np.zeros((0, 2), np.int64) if pairs is None else real_array(pairs, name)
        if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iuf":
            raise InputError(f"{name} must be track numbers of shape (pairs, 2), got {kind_of(array)}")
        for a, b in _integers(array.ravel(), name).reshape(-1, 2).tolist():
            if a == b or a not in place or b not in place:
                raise InputError(f"{name} joins {a} and {b}; give two different tracks that are there")
            if known.setdefault(frozenset((a, b)), same) != same:
                raise InputError(f"tracks {a} and {b} are in must_link and in cannot_link; leave one out")
            found.append((place[a], place[b], same))
    first, second, kinds = np.array(found).reshape(-1, 3).T
    return Constraints(first, second, kinds.astype(bool), np.full(len(found), USER, np.int8))


def _plain(name: str, view: ArrayLike) -> NDArray[np.float32]:
    """Numbers as float32; raises InputError for other values."""
    array = real_array(view, f"view `{name}`")
    if array.dtype.kind not in "fiu":
        raise InputError(f"view `{name}` must be numbers, got {array.dtype}")
    with np.errstate(over="ignore"):  # too large values become infinite, and are refused
        return array.astype(np.float32)


def kind_of(array: NDArray[np.generic]) -> str:
    """The type and shape of an array in words, for messages."""
    return f"{array.dtype} of shape {array.shape}"


def as_labels(label: ArrayLike) -> NDArray[np.str_]:
    """Labels as text; "" for a missing number (NaN) and for -1, the usual label of no person.

    Raises:
        InputError: labels are neither text nor whole numbers.
    """
    array = real_array(label, "labels")
    if array.ndim != 1:
        raise InputError(f"labels must be one a track or face, got {kind_of(array)}")
    if array.dtype.kind == "f":
        known = np.isfinite(array)
        if np.isinf(array).any() or np.any(array[known] != np.round(array[known])):
            raise InputError("labels that are numbers must be whole, or NaN where there is none")
        text = np.array(
            [f"{x:.0f}" if is_known else "" for x, is_known in zip(array, known, strict=True)], np.str_
        )
    elif len(array) and array.dtype.kind not in "USiub":
        raise InputError(f"labels must be text or whole numbers, got {kind_of(array)}")
    else:
        text = array.astype(np.str_)
    return np.where(text == NO_LABEL, "", text)


def numbered(values: NDArray[np.generic], name: str, rows: str) -> NDArray[np.int64]:
    """(rows,) track numbers as integers; floating-point numbers are accepted if they are whole.

    Args:
        rows: the noun for the rows in an error message.

    Raises:
        InputError: the values have another shape, or are not whole numbers.
    """
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "iuf":
        text = array.dtype.kind in "US"
        advice = f"; number the tracks by np.unique({name}, return_inverse=True)[1]" if text else ""
        raise InputError(f"{name} must be whole numbers of shape ({rows},), got {kind_of(array)}{advice}")
    return _integers(array, name)


def _integers(values: ArrayLike, name: str) -> NDArray[np.int64]:
    array = real_array(values, name)
    if array.ndim != 1 or (len(array) and array.dtype.kind not in "iuf"):
        raise InputError(f"{name} must be one row of numbers, got {kind_of(array)}")
    if array.dtype.kind == "f" and not np.array_equal(array, np.round(array)):
        raise InputError(f"{name} must be whole numbers")
    if len(array) and (array.max() > LARGEST or array.min() < -LARGEST):
        raise InputError(f"{name} must be at most {LARGEST}")
    return array.astype(np.int64)


def _spans(
    track: NDArray[np.int64], frame: NDArray[np.int64], tracks: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last frame of each track."""
    first = np.full(tracks, np.iinfo(np.int64).max)
    last = np.full(tracks, UNKNOWN_FRAME)
    np.minimum.at(first, track, frame)
    np.maximum.at(last, track, frame)
    return np.minimum(first, last), last


class NoVectors(InputError):
    """A table has no columns of vectors: in a folder, it is most likely meant for something else."""


@contextmanager
def sentence(path: Path) -> Iterator[None]:
    """Turn any error while a file is read into one InputError that names the file.

    A hostile or truncated file can make the underlying libraries raise almost any error.
    """
    refuse_address(path)
    try:
        yield
    except InputError as error:
        text = str(error)
        joint = " " if text.startswith(("is ", "holds ", "has ")) else ": "
        kind = NoVectors if isinstance(error, NoVectors) else InputError
        raise kind(text if text.startswith(path.name) else f"{path.name}{joint}{text}") from None
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except MissingExtra:
        raise
    except MemoryError:
        raise InputError(f"{path.name} asks for more memory than there is") from None
    except Exception as error:
        raise InputError(
            f"{path.name} is damaged or cut short ({type(error).__name__}); expected {LAYOUTS}"
        ) from None


def check_plain(path: Path) -> None:
    """Refuse a path that is no regular file before it is opened: reading a pipe could wait for ever.

    Raises:
        InputError: the path is a pipe, a device, ...
        FileNotFoundError: the file is missing.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise InputError("is not a regular file; save the features to one and give that")


def check_amount(count: int, itemsize: int, name: str) -> None:
    """Refuse an array with more than MAX_BYTES by its header, before memory is allocated."""
    if count * itemsize > MAX_BYTES:
        raise InputError(
            f"{name} claims {count * itemsize / 2**30:.1f} GB, more than the {MAX_BYTES >> 30} GB allowed"
        )


def check_unpacked(size: int, packed: int) -> None:
    """Refuse arrays of `size` bytes that were compressed to almost nothing, before memory is allocated.

    Raises:
        InputError: they were, or `size` is more than MAX_BYTES.
    """
    if size > BOMB and size > RATIO * packed:
        raise InputError(f"it unpacks to {RATIO} times its size; such a file is not opened")
    check_amount(size, 1, "it")
