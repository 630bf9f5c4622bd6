"""Noisy films: labelled clips with film grain and tape noise.

    python benchmarks/noisy.py CLIPS OUT          writes FILM_grain15.mp4 ... and their truths, for clips.py
    python benchmarks/clips.py OUT --scorer score_faces.py

The grain is slightly blurred noise, new in each frame, of at most 15 or 30 of 255. White noise is not
blurred. The tape has 3/8 of the columns, colours shifted by six pixels, and white noise of at most 25.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from dark import changed  # the benchmark beside this one

from castlist.decode import open_video


def kinds(width: int, height: int) -> dict[str, str]:
    """ffmpeg's filters of each kind of noise, for pictures of this size."""
    columns = width * 3 // 8 // 2 * 2
    tape = f"scale={columns}:{height},scale={width}:{height},noise=alls=25:allf=t,chromashift=cbh=6:crh=-6"
    return {
        "grain15": "noise=alls=15:allf=t,gblur=0.6",
        "grain30": "noise=alls=30:allf=t,gblur=0.6",
        "white12": "noise=alls=12:allf=t",
        "tape": tape,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for film in sorted(given.clips.glob("*.mp4")):
        video = open_video(film)
        for name, filters in kinds(video.width, video.height).items():
            changed(film, given.out / f"{film.stem}_{name}.mp4", filters, crf=17)


if __name__ == "__main__":
    main()
