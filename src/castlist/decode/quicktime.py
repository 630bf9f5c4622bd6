"""What FFmpeg leaves out of a QuickTime file: the edit list of its timecode track, and the track's own rate.

QuickTime trims a film by edit lists and leaves the samples where they are. FFmpeg gives the timecode of the
track's first sample, so of a film whose first seconds were trimmed away it gives the timecode of a frame
that is not shown. And cameras that record 50 or 60 frames a second often count timecode at 25 or 30: a label
of such a track is of its own rate and not of the pictures'. [Apple, QuickTime File Format, "Edit List Atom",
"Timecode Media"]
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import BinaryIO, TypeVar

__all__ = ["lacks_index", "timecode_rate", "timecode_shift"]

_MOST = 1000  # atoms looked at within one; a film has some dozens
_ENDLESS = 1 << 62  # bytes
_EDITS = 16  # entries looked at: only those before the first that shows something count

T = TypeVar("T")
Atom = tuple[bytes, int, int]  # name, where its content begins, where it ends


def timecode_shift(file: BinaryIO) -> Fraction:
    """Seconds from the timecode track's first sample to what is shown at time 0; 0 where nothing is said.

    The file is left at the place where it was.
    """
    return _asked(file, _shift, Fraction(0))


def timecode_rate(file: BinaryIO) -> Fraction | None:
    """Frames a second that the timecode track counts; None where nothing is said.

    The file is left at the place where it was.
    """
    return _asked(file, _rate, None)


def lacks_index(file: BinaryIO) -> bool:
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


def _asked(file: BinaryIO, question: Callable[[BinaryIO, Atom, Atom], T], unsaid: T) -> T:
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


def _shift(file: BinaryIO, movie: Atom, track: Atom) -> Fraction:
    edits = _first(file, track, b"edts", b"elst")
    scale = _timescale(file, _first(file, movie, b"mvhd"))
    ticks = _timescale(file, _first(file, track, b"mdia", b"mdhd"))
    return _start(file, edits, scale, ticks) if edits else Fraction(0)


def _rate(file: BinaryIO, movie: Atom, track: Atom) -> Fraction | None:
    """Ticks a second and ticks a frame, as the track's first sample description says."""
    table = _first(file, track, b"mdia", b"minf", b"stbl", b"stsd")
    if table is None:
        return None
    scale, step = struct.unpack(">II", _read(file, table[1] + 8 + 24, 8))
    return Fraction(scale, step)


def _start(file: BinaryIO, edits: Atom, scale: int, ticks: int) -> Fraction:
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


def _kind(file: BinaryIO, track: Atom) -> bytes:
    """What a track holds: vide, soun, tmcd, ..."""
    handler = _first(file, track, b"mdia", b"hdlr")
    return _read(file, handler[1] + 8, 4) if handler else b""


def _timescale(file: BinaryIO, header: Atom | None) -> int:
    """Ticks a second, as a movie's or a media's header says."""
    if header is None:
        raise ValueError("no header")
    at = 20 if _read(file, header[1], 1) == b"\1" else 12  # version 1 has times of 64 bits
    return int(struct.unpack(">I", _read(file, header[1] + at, 4))[0])


def _first(file: BinaryIO, atom: Atom, *path: bytes) -> Atom | None:
    """The first atom of that path within another."""
    for name in path:
        found = next((a for a in _atoms(file, atom) if a[0] == name), None)
        if found is None:
            return None
        atom = found
    return atom


def _atoms(file: BinaryIO, parent: Atom) -> Iterator[Atom]:
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


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    data = file.read(size)
    if len(data) < size:
        raise ValueError("cut short")
    return data
