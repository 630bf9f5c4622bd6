"""Parts of a film one after another as a list of cuts, for an editor to lay the master under: OTIO and
CMX3600 EDL.

Source timecodes are the film's own (else from 00:00:00:00), record timecodes begin at 01:00:00:00. Ends are
exclusive. The EDL has one event a part, `FROM CLIP NAME` names the film; its reel is AX, as of a file.
[SMPTE ST 258:2004]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from castlist.cast import Cast
from castlist.io.exports.names import film_name, one_line
from castlist.io.exports.options import Options
from castlist.io.exports.otio import clip_of, library
from castlist.io.exports.stays import grid
from castlist.timecode import Timebase, frame_number

__all__ = ["LISTS", "edl", "otio"]

START = "01:00:00:00"  # where programs begin a timeline

Part = tuple[Fraction, Fraction]  # seconds of the film, from and up to


def otio(cast: Cast, title: str, parts: Sequence[Part]) -> Iterator[str]:
    """The parts as clips of one track.

    Raises:
        InputError: the film's rate has no timecode.
        MissingExtra: opentimelineio is not installed.
    """
    schema, base = library().schema, grid(cast, Options())
    made = schema.Timeline(one_line(title), global_start_time=_time(base, _record(base)))
    track = schema.Track("V1", kind=schema.TrackKind.Video)
    for start, stop in parts:
        first, after = base.span(start, stop)
        span = library().opentime.TimeRange(_time(base, base.start + first), _time(base, after - first))
        track.append(clip_of(cast, base, span))
    made.tracks.append(track)
    yield made.to_json_string(indent=1) + "\n"


def edl(cast: Cast, title: str, parts: Sequence[Part]) -> Iterator[str]:
    """The parts as events of a CMX3600 list.

    Raises:
        InputError: the film's rate has no timecode.
    """
    base = grid(cast, Options())
    record = Timebase(base.rate, base.drop, _record(base))
    yield f"TITLE: {one_line(title)}\nFCM: {'DROP FRAME' if base.drop else 'NON-DROP FRAME'}\n"
    at = 0
    for number, (start, stop) in enumerate(parts, 1):
        first, after = base.span(start, stop)
        length = after - first
        times = (base.label(first), base.label(after), record.label(at), record.label(at + length))
        yield f"\n{number:03d}  AX       V     C        {' '.join(times)}\n"
        yield f"* FROM CLIP NAME: {film_name(cast)}\n"
        at += length


LISTS: dict[str, Callable[[Cast, str, Sequence[Part]], Iterator[str]]] = {".otio": otio, ".edl": edl}


def _record(base: Timebase) -> int:
    """The frame at which the list's own timecode begins."""
    mark = ";" if base.drop else ":"
    return frame_number(f"{START[:-3]}{mark}{START[-2:]}", base.rate)[0]


def _time(base: Timebase, frames: int) -> Any:
    return library().opentime.RationalTime(frames, float(base.rate))
