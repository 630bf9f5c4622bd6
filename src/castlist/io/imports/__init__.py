"""Files of other programs -> hints of which person is in a film and when: CSV, OpenTimelineIO, XMP
regions."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

from castlist.errors import InputError
from castlist.io.imports import otio, table, xmp
from castlist.io.imports.files import read
from castlist.suggest.names import Hint
from castlist.timecode import Timebase
from castlist.types import Video

__all__ = ["READERS", "hints"]

READERS = {".csv": table.hints, ".tsv": table.hints, ".otio": otio.hints}
PICTURES = (".xmp", ".jpg", ".jpeg")
_PLACEHOLDER = re.compile(r"Person \d+( \(\d+\))?")  # castlist's own names for people without a name


def hints(path: Path, video: Video, base: Timebase, at: Fraction | None = None) -> list[Hint]:
    """The people and times that a file gives for a film.

    Args:
        base: the frames of the film and their timecode, for files with timecodes.
        at: time of the picture in the film in seconds, for files about a picture.

    Raises:
        InputError: the file cannot be read, has no supported format, or contains no name.
    """
    kind = path.suffix.lower()
    if kind in PICTURES:
        if at is None:
            raise InputError(
                f"{path}: a picture does not say when it was taken; give the time in the film, as in --at "
                "83.5"
            )
        found = xmp.hints(read(path), at, str(path))
    elif kind in READERS and at is not None:
        raise InputError(
            f"{path}: has times of its own; --at is for pictures ({', '.join(PICTURES)}), leave it out"
        )
    elif kind in READERS:
        found = READERS[kind](read(path), video, base, str(path))
    else:
        known = ", ".join([*READERS, *PICTURES])
        raise InputError(f"{path}: names are read from {known}; this file has none of these suffixes")
    for hint in found:
        if hint.stop < hint.start:
            times = f"at {float(hint.stop):g} s, before it begins at {float(hint.start):g} s"
            raise InputError(f"{path}, {hint.where}: {hint.name} ends {times}; correct the file")
    named = [hint for hint in found if not _PLACEHOLDER.fullmatch(hint.name)]
    if not named:
        raise InputError(f"{path}: contains no names")
    return named
