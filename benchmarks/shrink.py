"""Make labelled clips harder: the same films at a half, a third, ... of their size, with scaled boxes.

    python benchmarks/shrink.py CLIPS OUT --by 2 3

CLIPS contains FILM.mp4 with FILM.truth.csv; OUT gets FILM_2.mp4, FILM_2.truth.csv and so on, encoded by
ffmpeg (x264, crf 23) as is usual for films of that size; the sound is copied. Existing films are not written
again.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
from pathlib import Path


def size(film: Path) -> tuple[int, int]:
    """Width and height of a film in pixels."""
    asked = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height"]
    answer = subprocess.run([*asked, "-of", "csv=p=0", str(film)], check=True, capture_output=True, text=True)
    width, height = answer.stdout.strip().split(",")[:2]
    return int(width), int(height)


def even(pixels: float) -> int:
    return max(2, 2 * round(pixels / 2))


def shrink(film: Path, out: Path, by: int) -> None:
    """Write the film at 1 / `by` of its size."""
    width, height = size(film)
    scale = f"scale={even(width / by)}:{even(height / by)}:flags=area"
    codec = ["-fps_mode", "passthrough", "-c:v", "libx264", "-crf", "23", "-preset", "veryfast"]
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(film), "-vf", scale, *codec, "-c:a", "copy", str(out)]
    subprocess.run(command, check=True)
    truth = film.with_name(f"{film.stem}.truth.csv")
    factor = {"x": even(width / by) / width, "y": even(height / by) / height}
    factor |= {"w": factor["x"], "h": factor["y"]}
    with (
        truth.open(newline="") as source,
        out.with_name(f"{out.stem}.truth.csv").open("w", newline="") as copy,
    ):
        reader = csv.DictReader(source)
        writer = csv.DictWriter(copy, reader.fieldnames or ())
        writer.writeheader()
        for row in reader:
            writer.writerow(row | {k: f"{float(row[k]) * f:.3f}" for k, f in factor.items()})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--by", type=int, nargs="+", default=[2, 3])
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for film in sorted(given.clips.glob("*.mp4")):
        for by in given.by:
            out = given.out / f"{film.stem}_{by}.mp4"
            if film.with_name(f"{film.stem}.truth.csv").exists() and not out.exists():
                shrink(film, out, by)
                print(out, flush=True)


if __name__ == "__main__":
    main()
