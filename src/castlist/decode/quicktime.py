"""What FFmpeg does not give for a QuickTime file: edits and rate of a timecode track; impossible time scales.

QuickTime trims a film by edit lists and leaves the samples in the file. FFmpeg gives the timecode of the
track's first sample: if a film's first seconds were trimmed, that is the timecode of a frame that is not
shown. Cameras of 50 or 60 frames a second often count the timecode at 25 or 30: a label of such a track
counts at the track's rate, not at that of the pictures. [Apple, QuickTime File Format, "Edit List Atom",
"Timecode Media"]

If a track's time scale (ticks a second) is damaged, an edit list leaves out almost all frames.
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

_MOST = 1000  # atoms examined within one atom; a film has some dozens
_ENDLESS = 1 << 62  # bytes
_TRACKS = 100  # tracks of a file whose time scales are examined
_LARGEST_SCALE = (1 << 31) - 1  # FFmpeg reads larger ones as negative, and uses 1 instead
_RATES = (1, 1000)  # frames a second of usual films; outside, a time scale is compared with the header's
_UNLIKE = 10  # ratio of the durations by the track's time scale and by the film's header that is impossible
_USUAL = (5, 240)  # frames a second that a repaired time scale must give: films of slow stills are left alone
_RUNS = 1_000_000  # runs of samples of one duration that are read: 8 MB
_EDITS = 16  # entries examined: only those up to the first that is not empty count


T = TypeVar("T")
Atom = tuple[bytes, int, int]  # name, beginning and end of its content


def timecode_shift(file: Readable) -> Fraction:
    """Seconds from the timecode track's first sample to the sample shown at time 0; 0 if the file has none.

    The file's read position is unchanged.
    """
    return _asked(file, _shift, Fraction(0))


def timecode_rate(file: Readable) -> Fraction | None:
    """Frames a second that the timecode track counts; None if the file has none.

    The file's read position is unchanged.
    """
    return _asked(file, _rate, None)


def lacks_index(file: Readable) -> bool:
    """Whether a file has pictures and sound (mdat) but no index (moov), which is written last.

    The file's read position is unchanged.
    """
    place, names = file.tell(), set()
    try:
        # the size of the last atom may be "to the end of the file"
        for name, *_ in _atoms(file, (b"", 0, _ENDLESS)):
            names.add(name)
    except (ValueError, OSError):
        pass
    finally:
        file.seek(place)
    return b"mdat" in names and not names & {b"moov", b"meta"}  # meta: the index of still pictures (HEIF)


def time_scales(file: Readable) -> dict[int, bytes]:
    """Repaired values for impossible time scales of tracks: their offset in the file -> their 4 bytes.

    A time scale is impossible if it is 0 or above 2^31 - 1; or if it gives the track less than 1 or more than
    1,000 frames a second, and the duration in the film's header differs and gives 5 to 240 frames a second.
    The repaired value follows from that duration; for sound it is the number of samples a second. The file's
    read position is unchanged.
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
        pass  # damaged: leave it to FFmpeg
    finally:
        file.seek(place)
    return found


def _repaired(file: Readable, track: Atom, second: int) -> dict[int, bytes]:
    """The repaired time scale of a track, if it is impossible and can be repaired.

    Args:
        second: ticks in a second by the film's header.
    """
    head, media = _first(file, track, b"tkhd"), _first(file, track, b"mdia", b"mdhd")
    if head is None or media is None:
        return {}
    at = media[1] + (20 if _read(file, media[1], 1) == b"\1" else 12)
    scale, kind = _number(file, at, wide=False), _kind(file, track)
    possible = 0 < scale <= _LARGEST_SCALE
    if possible and kind != b"vide":
        return {}
    wide = _read(file, head[1], 1) == b"\1"  # version 1 has 64-bit times
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
    """Samples a second of a sound track, which are its time scale; 0 if unknown."""
    table = _first(file, track, b"mdia", b"minf", b"stbl", b"stsd")
    return _number(file, table[1] + 8 + 32, wide=False) >> 16 if table else 0


def _samples(file: Readable, track: Atom) -> tuple[int, int]:
    """The number of samples of a track, such as frames, and their total duration in ticks."""
    table = _first(file, track, b"mdia", b"minf", b"stbl", b"stts")
    if table is None or table[2] - table[1] < 8:
        return 0, 0
    runs = min(_RUNS, _number(file, table[1] + 4, wide=False), (table[2] - table[1] - 8) // 8)
    count, ticks = np.frombuffer(_read(file, table[1] + 8, 8 * runs), ">u4").reshape(-1, 2).T.astype(float)
    return int(count.sum()), int(count @ ticks)


def _number(file: Readable, at: int, *, wide: bool) -> int:
    """The number of 8 bytes (`wide`) or 4 bytes at an offset in a file."""
    return int.from_bytes(_read(file, at, 8 if wide else 4), "big")


def _asked(file: Readable, question: Callable[[Readable, Atom, Atom], T], unsaid: T) -> T:
    """The answer of `question` for the movie and its first timecode track; `unsaid` if there is none."""
    place = file.tell()
    try:
        movie = _first(file, (b"", 0, file.seek(0, 2)), b"moov")
        tracks = _atoms(file, movie) if movie else iter(())
        track = next((t for t in tracks if t[0] == b"trak" and _kind(file, t) == b"tmcd"), None)
        return unsaid if movie is None or track is None else question(file, movie, track)
    except (struct.error, ValueError, OSError, ZeroDivisionError):
        return unsaid  # damaged: leave it to FFmpeg
    finally:
        file.seek(place)


def _shift(file: Readable, movie: Atom, track: Atom) -> Fraction:
    edits = _first(file, track, b"edts", b"elst")
    scale = _timescale(file, _first(file, movie, b"mvhd"))
    ticks = _timescale(file, _first(file, track, b"mdia", b"mdhd"))
    return _start(file, edits, scale, ticks) if edits else Fraction(0)


def _rate(file: Readable, movie: Atom, track: Atom) -> Fraction | None:
    """Ticks a second divided by ticks a frame, from the track's first sample description."""
    table = _first(file, track, b"mdia", b"minf", b"stbl", b"stsd")
    if table is None:
        return None
    scale, step = struct.unpack(">II", _read(file, table[1] + 8 + 24, 8))
    return Fraction(scale, step)


def _start(file: Readable, edits: Atom, scale: int, ticks: int) -> Fraction:
    """Where an edit list begins in its media, in seconds, minus the empty edits before."""
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
    """The kind of a track: vide, soun, tmcd, ..."""
    handler = _first(file, track, b"mdia", b"hdlr")
    return _read(file, handler[1] + 8, 4) if handler else b""


def _timescale(file: Readable, header: Atom | None) -> int:
    """Ticks a second, from the header of a movie or a media."""
    if header is None:
        raise ValueError("no header")
    at = 20 if _read(file, header[1], 1) == b"\1" else 12  # version 1 has 64-bit times
    return int(struct.unpack(">I", _read(file, header[1] + at, 4))[0])


def _first(file: Readable, atom: Atom, *path: bytes) -> Atom | None:
    """The first atom at a path within another atom."""
    for name in path:
        found = next((a for a in _atoms(file, atom) if a[0] == name), None)
        if found is None:
            return None
        atom = found
    return atom


def _atoms(file: Readable, parent: Atom) -> Iterator[Atom]:
    """The atoms directly within another atom."""
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
