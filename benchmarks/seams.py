"""Whether an appearance of a few frames is found at every place: a film without its first 0 to 95 frames.

    python benchmarks/seams.py [--frames 7] [--every 1]

A drawn film of one person, with some frames of another person in between. A scan stores its results by
segments of 96 frames; every place of the appearance within a segment must give the same people and the same
appearance.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from fractions import Fraction
from pathlib import Path

import av

import castlist
from castlist.drawn import Actor, Scene, Script, people, render

BEFORE, AFTER, RATE = 120, 20, 25


def drawn(path: Path, frames: int) -> None:
    lead, guest = Actor(0, 0.5, 0.45, 0.46, turn=4), Actor(1, 0.5, 0.45, 0.5, turn=2)
    scenes = [Scene(n / RATE, (who,), room) for n, who, room in
              ((BEFORE, lead, "study"), (frames, guest, "cafe"), (AFTER, lead, "study"))]  # fmt: skip
    render(Script("seams", people(2), tuple(scenes), frame_rate=Fraction(RATE)), path)


def cut(master: Path, path: Path, skip: int) -> None:
    with av.open(str(master)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for i, frame in enumerate(source.decode(video=0)):
            if i >= skip:
                frame.pts, frame.time_base = i - skip, Fraction(1, RATE)
                out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def outcome(cast: castlist.Cast, begin: int, frames: int) -> str:
    """The result for the appearance."""
    own = [t for t in range(len(cast.tracks)) if begin <= cast.tracks.first[t] < begin + frames]
    if not own:
        return "no track"
    if len(own) > 1:
        return "several tracks"
    if cast.person[own[0]] < 0:
        return f"set aside: {cast.reason[own[0]]}"
    seen = int(cast.tracks.first[own[0]]) - begin, int(cast.tracks.last[own[0]]) - begin
    others = {int(p) for t, p in enumerate(cast.person) if t != own[0]}
    return f"found, frames {seen[0]} to {seen[1]}" + (
        ", with the lead" if int(cast.person[own[0]]) in others else ""
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=7, help="of the appearance")
    parser.add_argument("--every", type=int, default=1, help="frames between two offsets")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        master = Path(folder) / "master.mkv"
        drawn(master, options.frames)
        for skip in range(0, 96, options.every):
            film = Path(folder) / f"{skip}.mp4"
            cut(master, film, skip)
            cast = castlist.find(film, workspace=Path(folder) / f"{skip}.castlist")
            counts[outcome(cast, BEFORE - skip, options.frames)] += 1
    for what, n in counts.most_common():
        sys.stdout.write(f"{n:4} offsets: {what}\n")


if __name__ == "__main__":
    main()
