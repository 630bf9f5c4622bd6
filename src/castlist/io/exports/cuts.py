"""Consecutive parts of films as a list of cuts, with which an editor can assemble the masters: OTIO and
CMX3600 EDL, with the films' sound if the films exist.

Source timecodes are those of each film (else from 00:00:00:00), record timecodes begin at 01:00:00:00. Ends
are exclusive. The EDL has one event for each part; `FROM CLIP NAME` names the film; the reel is AX, as for
files. [SMPTE ST 258:2004]
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from castlist.cast import Cast
from castlist.errors import InputError
from castlist.io.exports.faces_csv import harmless
from castlist.io.exports.names import film_name, plain_line
from castlist.io.exports.options import Options
from castlist.io.exports.otio import clip_of, library
from castlist.io.exports.sound import film_sound
from castlist.io.exports.stays import grid
from castlist.reel import Piece
from castlist.timecode import Timebase, frame_number

if TYPE_CHECKING:
    from opentimelineio.opentime import RationalTime

__all__ = ["LISTS", "Part", "edl", "otio", "table"]

START = "01:00:00:00"  # customary start of a programme's timeline

Part = tuple[Cast, Piece]  # a film's cast, and a part of the film


def table(title: str, parts: Sequence[Part]) -> Iterator[str]:
    """The parts as CSV: their position in the reel and in the film, in seconds and frames."""
    text = StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(("part", "reel_in", "reel_out", "film_in", "film_out", "first_frame", "stop_frame", "film"))
    for number, (cast, piece) in enumerate(parts, 1):
        times = (piece.reel_start, piece.reel_start + piece.duration, piece.start, piece.end)
        name = harmless(film_name(cast))
        rows.writerow([number, *(f"{float(t):.6f}" for t in times), piece.first, piece.stop, name])
    yield text.getvalue()


def otio(title: str, parts: Sequence[Part]) -> Iterator[str]:
    """The parts as clips of one track, each in its film's timecode and rate.

    Raises:
        InputError: a film's rate has no timecode.
        MissingExtra: opentimelineio is not installed.
    """
    schema = library().schema
    bases = [_grid(cast) for cast, _ in parts]
    start = _time(bases[0], _record(bases[0])) if bases else None
    made = schema.Timeline(plain_line(title), global_start_time=start)
    picture_track = schema.Track("V1", kind=schema.TrackKind.Video)
    sound_track = schema.Track("A1", kind=schema.TrackKind.Audio)
    sound = _with_sound(parts)
    for base, (cast, piece) in zip(bases, parts, strict=True):
        first, after = base.span(piece.start, piece.end)
        span = library().opentime.TimeRange(_time(base, base.start + first), _time(base, after - first))
        picture_track.append(clip_of(cast, base, span))
        silent = schema.Gap(duration=span.duration)
        sound_track.append(clip_of(cast, base, span) if sound[cast.video.digest] else silent)
    made.tracks.append(picture_track)
    if any(sound.values()):
        made.tracks.append(sound_track)
    yield made.to_json_string(indent=1) + "\n"


def edl(title: str, parts: Sequence[Part]) -> Iterator[str]:
    """The parts as events of a CMX3600 list.

    Raises:
        InputError: a film's rate has no timecode, or there are several rates.
    """
    bases = [_grid(cast) for cast, _ in parts]
    rates = list(dict.fromkeys((base.rate, base.drop) for base in bases))
    if len(rates) > 1:
        words = ", ".join(f"{float(rate):.6g}{' drop frame' * drop}" for rate, drop in rates)
        raise InputError(f"an .edl counts in one rate, and these films have {words}; write the list as .otio")
    drop = bool(bases) and bases[0].drop
    yield f"TITLE: {plain_line(title)}\nFCM: {'DROP FRAME' if drop else 'NON-DROP FRAME'}\n"
    at, sound = 0, _with_sound(parts)
    for number, (base, (cast, piece)) in enumerate(zip(bases, parts, strict=True), 1):
        record = Timebase(base.rate, base.drop, _record(base))
        first, after = base.span(piece.start, piece.end)
        length = after - first
        times = (base.label(first), base.label(after), record.label(at), record.label(at + length))
        channels = "AA/V" if sound[cast.video.digest] else "V"
        yield f"\n{number:03d}  AX       {channels:<5} C        {' '.join(times)}\n"
        yield f"* FROM CLIP NAME: {film_name(cast)}\n"
        at += length


def _grid(cast: Cast) -> Timebase:
    """The grid of frames on which an editing program lays a film, from the film itself.

    Raises:
        InputError: the rate has no timecode, or the film's own does not fit; a table in seconds is always
            possible.
    """
    try:
        return grid(cast, Options())
    except InputError as error:
        why = str(error).partition("; ")[0]
        raise InputError(f"{film_name(cast)}: {why}; write the list as .csv, which has seconds") from error


def _with_sound(parts: Sequence[Part]) -> dict[str, bool]:
    """Whether each film has sound, by the film's digest."""
    films = {cast.video.digest: cast for cast, _ in parts}
    return {digest: film_sound(cast) is not None for digest, cast in films.items()}


LISTS: dict[str, Callable[[str, Sequence[Part]], Iterator[str]]] = {
    ".csv": table,
    ".otio": otio,
    ".edl": edl,
}


def _record(base: Timebase) -> int:
    """The number of the first frame in the list's own timecode."""
    mark = ";" if base.drop else ":"
    return frame_number(f"{START[:-3]}{mark}{START[-2:]}", base.rate)[0]


def _time(base: Timebase, frames: int) -> RationalTime:
    return library().opentime.RationalTime(frames, float(base.rate))
