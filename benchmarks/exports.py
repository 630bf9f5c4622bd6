"""Every timed format at every rate: written, read back by other programs, and compared frame by frame.

    python benchmarks/exports.py                      casts made by hand, ten rates
    python benchmarks/exports.py film.castlist ...    and the casts of films

The readers are those of the tests: libraries and programs of other projects, else strict parsers. If a film's
pictures begin between two frames of the grid, only the formats that count frames have whole frames; the
others store its times. Prints Markdown.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "io" / "exports"))

from exports_made import RATES, made
from exports_readers import COUNTED_FROM_TIMECODE, READERS, number

from castlist.cast import Cast
from castlist.io.exports import FORMATS, Options
from castlist.io.exports.resolve_edl import START
from castlist.io.exports.stays import grid, stays
from castlist.store import Workspace
from castlist.timecode import consecutive

FRAMES = ("otio", "fcp7", "fcpxml", "edl", "avid", "ale")  # formats that count frames
CHAPTERS = ("ffmetadata", "matroska")  # chapters must not overlap, so they are those of single people


def exact(form: str, cast: Cast) -> str:
    """How many of a cast's appearances come back with their first and last frame: "n of all"."""
    base = grid(cast, Options(), START if form == "edl" else "")
    if form not in FRAMES and (base.origin * base.rate).denominator != 1:
        return "times"
    if form == "appearances" and (base.origin or not consecutive(cast.clock, base.rate)):
        return "times"  # its reader takes frames of the film for frames of the grid
    origin = number(base.label(0), base.rate) if form in COUNTED_FROM_TIMECODE else 0
    everybody = Options(person=tuple(p.name for p in cast.people))
    text = FORMATS[form].text(cast, everybody if form in CHAPTERS else Options())
    found = Counter((a - origin, b - origin) for _, a, b in READERS[form][0](text, base.rate))
    first = base.frame(base.origin)
    shown = [
        first + round((cast.clock.time(n) - base.origin) * base.rate) for n in range(len(cast.clock) + 1)
    ]
    true = Counter((shown[stay.first], shown[stay.end]) for stay in stays(cast, Options()))
    return f"{sum((found & true).values())}/{true.total()}"


def row(form: str, casts: list[Cast]) -> str:
    cells = " | ".join(exact(form, cast) for cast in casts)
    return f"| {form} | {READERS[form][1]} | {cells} |"


def table(heads: list[str], casts: list[Cast]) -> None:
    print(f"| format | read back by | {' | '.join(heads)} |")
    print("|---|---|" + "---|" * len(heads))
    for form in READERS:
        print(row(form, casts), flush=True)


def head(cast: Cast) -> str:
    video = cast.video
    return f"{video.path.name} ({float(video.frame_rate):.3f}, {video.timecode or 'no timecode'})"


def main(places: list[str]) -> None:
    table(list(RATES), [made(*RATES[said]) for said in RATES])
    if places:
        films = []
        for place in places:
            with Workspace.open(place, write=False) as workspace:
                films.append(workspace.cast())
        print()
        table([head(cast) for cast in films], films)


if __name__ == "__main__":
    main(sys.argv[1:])
