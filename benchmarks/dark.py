"""Dark films: makes labelled clips dark, and counts the faces still found in dark pictures.

    python benchmarks/dark.py CLIPS OUT --by .4 .15     writes FILM_dark15.mp4 and its truth, for clips.py
    python benchmarks/dark.py CLIPS                      faces found in single pictures, by `low_light.LEAST`

All values of a picture are multiplied by the factor and rounded, so that a dark picture has few levels, as
underexposed ones have. The table counts the faces of the well lit pictures (score above .7) that are found in
the dark ones (score above .6, IoU above .5), in pictures unchanged and brightened to several values.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist import low_light
from castlist.boxes import iou
from castlist.decode import open_video, read_frames
from castlist.detect import YuNet
from castlist.types import Detections

PICTURES = 16  # of each clip
FACTORS = (1.0, 0.6, 0.4, 0.25, 0.15, 0.07)
VALUES = (0, 60, 80, 100, 120, 140, 160)


def darken(film: Path, out: Path, by: float) -> None:
    """Write the film with all values multiplied."""
    changed(film, out, f"format=gbrp,lutrgb=r=val*{by}:g=val*{by}:b=val*{by},format=yuv420p", crf=20)


def changed(film: Path, out: Path, filters: str, *, crf: int) -> None:
    """Write a labelled film, changed by ffmpeg's filters frame by frame, with its truth."""
    codec = ["-fps_mode", "passthrough", "-c:v", "libx264", "-crf", str(crf), "-preset", "veryfast"]
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-i",
        str(film),
        "-vf",
        filters,
        *codec,
        "-c:a",
        "copy",
        str(out),
    ]
    subprocess.run(command, check=True)
    shutil.copy(film.with_name(f"{film.stem}.truth.csv"), out.with_name(f"{out.stem}.truth.csv"))


def pictures(film: Path) -> list[NDArray[np.uint8]]:
    """Some pictures of a film, evenly spaced."""
    with read_frames(open_video(film)) as frames:
        images = [frame.image.copy() for frame in frames]
    return images[:: max(1, len(images) // PICTURES)]


def faces(image: NDArray[np.uint8]) -> Detections:
    """Faces at the default detection size."""
    return YuNet()(image, scale=640 / max(image.shape))


def found(known: list[Detections], images: list[NDArray[np.uint8]]) -> float:
    """The share of the known faces that are found in these pictures."""
    hits = total = 0
    for clear, image in zip(known, images, strict=True):
        boxes, dark = clear.box[clear.score > 0.7], faces(image)
        total += len(boxes)
        if len(boxes) and (dark.score > 0.6).any():
            hits += int((iou(boxes[:, None], dark.box[None, dark.score > 0.6]).max(1) > 0.5).sum())
    return hits / max(total, 1)


def table(clips: list[Path]) -> None:
    """Faces found: a row for each factor, a column for each value."""
    images = [image for clip in clips for image in pictures(clip)]
    known = [faces(image) for image in images]
    print("factor", *(f"{value:>6}" if value else " as is" for value in VALUES))
    for factor in FACTORS:
        dark = [(image * factor).round().astype(np.uint8) for image in images]
        row = []
        for value in VALUES:
            low_light.LEAST = value
            row.append(found(known, dark))
        print(f"{factor:6}", *(f"{share:6.3f}" for share in row), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--by", type=float, nargs="+", default=[0.4, 0.15])
    given = parser.parse_args()
    films = [f for f in sorted(given.clips.glob("*.mp4")) if f.with_name(f"{f.stem}.truth.csv").exists()]
    if given.out is None:
        table(films)
        return
    given.out.mkdir(parents=True, exist_ok=True)
    for film in films:
        for by in given.by:
            out = given.out / f"{film.stem}_dark{100 * by:.0f}.mp4"
            if not out.exists():
                darken(film, out, by)
                print(out, flush=True)


if __name__ == "__main__":
    main()
