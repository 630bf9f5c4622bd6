"""What FFmpeg leaves out of a QuickTime file: a timecode track's edits and rate; and impossible time scales.

QuickTime trims a film by edit lists and leaves the samples where they are. FFmpeg gives the timecode of the
track's first sample, so of a film whose first seconds were trimmed away it gives the timecode of a frame
that is not shown. And cameras that record 50 or 60 frames a second often count timecode at 25 or 30: a label
of such a track is of its own rate and not of the pictures'. [Apple, QuickTime File Format, "Edit List Atom",
"Timecode Media"]

A track's time scale (ticks a second) that is damaged makes an edit list leave out almost all frames.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice
from typing import TypeVar

import numpy as np

from castlist.decode.readable import Readable
from castlist.timecode import snapped

__all__ = ["lacks_index", "time_scales", "timecode_rate", "timecode_shift"]

_MOST = 1000  # atoms looked at within one; a film has some dozens
_ENDLESS = 1 << 62  # bytes
_TRACKS = 100  # tracks of a file whose time scales are looked at
_LARGEST_SCALE = (1 << 31) - 1  # FFmpeg takes larger ones for negative, and 1 for those
_RATES = (1, 1000)  # frames a second of usual films: beyond, a time scale is compared with the file's own
_UNLIKE = 10  # times that a track lasts longer or shorter by its time scale than the film's header says
_USUAL = (5, 240)  # frames a second that a right time scale must give: pictures at long intervals can be cut
_RUNS = 1_000_000  # runs of samples of one length that are read: 8 MB
_EDITS = 16  # entries looked at: only those before the first that shows something count


T = TypeVar("T")
Atom = tuple[bytes, int, int]  # name, where its content begins, where it ends


def timecode_shift(file: Readable) -> Fraction:
    """Seconds from the timecode track's first sample to what is shown at time 0; 0 where nothing is said.

    The file is left at the place where it was.
    """
    return _asked(file, _shift, Fraction(0))


def timecode_rate(file: Readable) -> Fraction | None:
    """Frames a second that the timecode track counts; None where nothing is said.

    The file is left at the place where it was.
    """
    return _asked(file, _rate, None)


def lacks_index(file: Readable) -> bool:
    """Whether pictures and sound are there (mdat), and what says where is not (moov): it is written last.

    The file is left at the place where it was.
    """
    place, names = file.tell(), set()
    try:
        for name, *_ in _atoms(file, (b"", 0, _ENDLESS)):  # the last one may say that it goes on
            names.add(name)
    except (ValueError, OSError):
        pass
    finally:
        file.seek(place)
    return b"mdat" in names and not names & {b"moov", b"meta"}  # meta: of pictures (HEIF)


def time_scales(file: Readable) -> dict[int, bytes]:
    """The time scales of tracks that cannot be, put right: where each stands in the file, and its 4 bytes.

    A time scale cannot be where it is 0 or above 2^31 - 1, or where the track's frames would come at less
    than 1 or more than 1,000 a second while the film's header says another length, by which they come at 5 to
    240 a second. The right one follows from that length; that of sound is its samples a second. The file is
    left at the place where it was.
    """
    place = file.tell()
    found: dict[int, bytes] = {}
    try:
        movie = _first(file, (b"", 0, file.seek(0, 2)), b"moov")
        length = _timescale(file, _first(file, movie, b"mvhd")) if movie else 0
        if movie and 0 < length <= _LARGEST_SCALE:
            for track in islice((t for t in _atoms(file, movie) if t[0] == b"trak"), _TRACKS):
                found |= _repaired(file, track, length)
    except (struct.error, ValueError, OSError):
        pass  # damaged: what FFmpeg makes of it stands
    finally:
        file.seek(place)
    return found


def _repaired(file: Readable, track: Atom, second: int) -> dict[int, bytes]:
    """The track's time scale put right, where it cannot be and the right one can be told.

    Args:
        second: the film's own ticks in one.
    """
    head, media = _first(file, track, b"tkhd"), _first(file, track, b"mdia", b"mdhd")
    if head is None or media is None:
        return {}
    at = media[1] + (20 if _read(file, media[1], 1) == b"\1" else 12)
    scale, kind = _number(file, at, wide=False), _kind(file, track)
    possible = 0 < scale <= _LARGEST_SCALE
    if possible and kind != b"vide":
        return {}
    wide = _read(file, head[1], 1) == b"\1"  # version 1 has times of 64 bits
    length = _number(file, head[1] + (28 if wide else 20), wide=wide)
    count, ticks = _samples(file, track)
    if not length or not ticks:
        return {}
    seconds = Fraction(length, second)
    rate = snapped(count / seconds)
    if possible and (
        _RATES[0] <= Fraction(count * scale, ticks) <= _RATES[1]
        or 1 / _UNLIKE < ticks / scale / seconds < _UNLIKE
        or not _USUAL[0] <= rate <= _USUAL[1]
    ):
        return {}  # it may be right
    right = _sound_rate(file, track) if kind == b"soun" else 0
    right = right or round(ticks * rate / count)
    return {at: struct.pack(">I", right)} if 0 < right <= _LARGEST_SCALE else {}


def _sound_rate(file: Readable, track: Atom) -> int:
    """Samples a second of a sound track, whose time scale is the same; 0 where it does not say."""
    table = _first(file, track, b"mdia", b"minf", b"stbl", b"stsd")
    return _number(file, table[1] + 8 + 32, wide=False) >> 16 if table else 0


def _samples(file: Readable, track: Atom) -> tuple[int, int]:
    """How many samples, such as frames, a track has, and how many ticks they last."""
    table = _first(file, track, b"mdia", b"minf", b"stbl", b"stts")
    if table is None or table[2] - table[1] < 8:
        return 0, 0
    runs = min(_RUNS, _number(file, table[1] + 4, wide=False), (table[2] - table[1] - 8) // 8)
    count, ticks = np.frombuffer(_read(file, table[1] + 8, 8 * runs), ">u4").reshape(-1, 2).T.astype(float)
    return int(count.sum()), int(count @ ticks)


def _number(file: Readable, at: int, *, wide: bool) -> int:
    """The number of 8 bytes, or 4, at a place of a file."""
    return int.from_bytes(_read(file, at, 8 if wide else 4), "big")


def _asked(file: Readable, question: Callable[[Readable, Atom, Atom], T], unsaid: T) -> T:
    """What is said of the first timecode track, given the movie and the track."""
    place = file.tell()
    try:
        movie = _first(file, (b"", 0, file.seek(0, 2)), b"moov")
        tracks = _atoms(file, movie) if movie else iter(())
        track = next((t for t in tracks if t[0] == b"trak" and _kind(file, t) == b"tmcd"), None)
        return unsaid if movie is None or track is None else question(file, movie, track)
    except (struct.error, ValueError, OSError, ZeroDivisionError):
        return unsaid  # damaged: what FFmpeg made of it stands
    finally:
        file.seek(place)


def _shift(file: Readable, movie: Atom, track: Atom) -> Fraction:
    edits = _first(file, track, b"edts", b"elst")
    scale = _timescale(file, _first(file, movie, b"mvhd"))
    ticks = _timescale(file, _first(file, track, b"mdia", b"mdhd"))
    return _start(file, edits, scale, ticks) if edits else Fraction(0)


def _rate(file: Readable, movie: Atom, track: Atom) -> Fraction | None:
    """Ticks a second and ticks a frame, as the track's first sample description says."""
    table = _first(file, track, b"mdia", b"minf", b"stbl", b"stsd")
    if table is None:
        return None
    scale, step = struct.unpack(">II", _read(file, table[1] + 8 + 24, 8))
    return Fraction(scale, step)


def _start(file: Readable, edits: Atom, scale: int, ticks: int) -> Fraction:
    """Where an edit list begins in its media, in seconds, less what is empty before."""
    head = _read(file, edits[1], 8)
    entry = struct.Struct(">Qq4x" if head[0] == 1 else ">Ii4x")
    empty = Fraction(0)
    for i in range(min(_EDITS, int.from_bytes(head[4:8], "big"))):
        length, begin = entry.unpack(_read(file, edits[1] + 8 + i * entry.size, entry.size))
        if begin >= 0:
            return Fraction(begin, ticks) - empty
        empty += Fraction(length, scale)
    return Fraction(0)


def _kind(file: Readable, track: Atom) -> bytes:
    """What a track holds: vide, soun, tmcd, ..."""
    handler = _first(file, track, b"mdia", b"hdlr")
    return _read(file, handler[1] + 8, 4) if handler else b""


def _timescale(file: Readable, header: Atom | None) -> int:
    """Ticks a second, as a movie's or a media's header says."""
    if header is None:
        raise ValueError("no header")
    at = 20 if _read(file, header[1], 1) == b"\1" else 12  # version 1 has times of 64 bits
    return int(struct.unpack(">I", _read(file, header[1] + at, 4))[0])


def _first(file: Readable, atom: Atom, *path: bytes) -> Atom | None:
    """The first atom of that path within another."""
    for name in path:
        found = next((a for a in _atoms(file, atom) if a[0] == name), None)
        if found is None:
            return None
        atom = found
    return atom


def _atoms(file: Readable, parent: Atom) -> Iterator[Atom]:
    """The atoms directly within another."""
    _, at, end = parent
    for _ in range(_MOST):
        if at + 8 > end:
            return
        size, name = struct.unpack(">I4s", _read(file, at, 8))
        head = 8
        if size == 1:
            (size,), head = struct.unpack(">Q", _read(file, at + 8, 8)), 16
        stop = end if size == 0 else at + size
        if (size and size < head) or stop > end:
            return
        yield name, at + head, stop
        at = stop


def _read(file: Readable, at: int, size: int) -> bytes:
    file.seek(at)
    data = file.read(size)
    if len(data) < size:
        raise ValueError("cut short")
    return data
