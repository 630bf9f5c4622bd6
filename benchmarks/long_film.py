"""A long film of many people, made of labelled clips: is its cast as correct as those of the single clips?

    python benchmarks/long_film.py CLIPS OUT [--rounds 9] [--seed 0] [--height 360] [--crf 23] \\
        [--most-zoom 1.25] [--unlabelled NAME ...]
    castlist find OUT/film.mp4
    castlist score OUT/film.castlist --truth OUT/film.truth.csv

CLIPS is a folder of films, each with FILM.truth.csv beside it (frame,x,y,w,h,label). Every round contains all
clips in another order, each zoomed, mirrored, slower or faster, lighter or darker, with more or less colour.
OUT gets the film (16:9, 25 frames a second) and its truth, whose labels are CLIP:LABEL; UNK stays UNK. Clips
that share people with others are named by --unlabelled: they are shown without labels, so that faces found in
them count as false.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.decode import open_video
from castlist.types import Video

RATE = 25  # frames a second
Face = tuple[float, float, float, float, str]  # x, y, width, height and label


@dataclass(frozen=True, slots=True)
class Version:
    """One variant of a clip: a smaller window of the frame, mirrored, at another speed, in other light."""

    zoom: float
    mirrored: bool
    speed: float
    gamma: float
    saturation: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, most_zoom: float) -> Version:
        return cls(
            float(rng.uniform(1, most_zoom)), bool(rng.random() < 0.5), float(rng.uniform(0.9, 1.1)),
            float(rng.uniform(0.75, 1.3)), float(rng.choice([0.0, 0.6, 1.0, 1.0, 1.2])),
        )  # fmt: skip

    def window(self, video: Video) -> tuple[int, int]:
        """Width and height of the visible part of the clip."""
        return int(video.width / self.zoom) // 2 * 2, int(video.height / self.zoom) // 2 * 2

    def filters(self, video: Video, height: int) -> str:
        """The variant as ffmpeg's filters."""
        across, down = self.window(video)
        width = wide(height)
        return ",".join(
            [
                f"crop={across}:{down}",
                *(["hflip"] if self.mirrored else []),
                f"setpts={1 / self.speed:.4f}*PTS",
                f"eq=gamma={self.gamma:.2f}:saturation={self.saturation}",
                f"scale={width}:{height}:force_original_aspect_ratio=decrease",
                f"pad={width}:{height}:-1:-1,setsar=1,fps={RATE}",
            ]
        )

    def place(self, face: Face, video: Video, height: int) -> Face | None:
        """The new place of a face of the clip; None if its centre is outside."""
        x, y, w, h, label = face
        across, down = self.window(video)
        x, y = x - (video.width - across) / 2, y - (video.height - down) / 2
        if self.mirrored:
            x = across - x - w
        if not (0 <= x + w / 2 <= across and 0 <= y + h / 2 <= down):
            return None
        scale = min(wide(height) / across, height / down)
        left, top = (wide(height) - across * scale) / 2, (height - down * scale) / 2
        return x * scale + left, y * scale + top, w * scale, h * scale, label


def wide(height: int) -> int:
    """The even width of a picture of 16:9."""
    return round(height * 16 / 18) * 2


def read_truth(film: Path) -> dict[int, list[Face]]:
    """The labelled faces of each frame."""
    faces: dict[int, list[Face]] = {}
    with open(film.with_suffix(".truth.csv"), encoding="utf-8") as file:
        for row in csv.DictReader(file):
            x, y, w, h = (float(row[name]) for name in ("x", "y", "w", "h"))
            label = row["label"] if row["label"] == "UNK" else f"{film.stem}:{row['label']}"
            faces.setdefault(int(row["frame"]), []).append((x, y, w, h, label))
    return faces


def encode(film: Path, filters: str, crf: int, target: Path) -> int:
    """Write one variant of a clip; returns its number of frames."""
    subprocess.run(
        ["ffmpeg", "-y", "-v", "error", "-i", film, "-an", "-vf", filters, "-c:v", "libx264", "-preset",
         "veryfast", "-crf", str(crf), target],
        check=True,
    )  # fmt: skip
    counted = subprocess.run(
        ["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-show_entries",
         "stream=nb_read_packets", "-of", "default=nokey=1:noprint_wrappers=1", target],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return int(counted.stdout.split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--height", type=int, default=360)
    parser.add_argument("--crf", type=int, default=23)
    parser.add_argument("--most-zoom", type=float, default=1.25)
    parser.add_argument("--unlabelled", nargs="*", default=[], metavar="NAME")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    films = sorted(given.clips.glob("*.mp4"))
    video = {film: open_video(film) for film in films}
    truth = {film: read_truth(film) for film in films if film.stem not in given.unlabelled}
    rng, begin, parts = np.random.default_rng(given.seed), 0, []
    with open(given.out / "film.truth.csv", "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["frame", "x", "y", "w", "h", "label"])
        for _ in range(given.rounds):
            for number in rng.permutation(len(films)).tolist():
                film, version = films[number], Version.drawn(rng, given.most_zoom)
                part = given.out / f"part-{len(parts):03d}.ts"
                frames = encode(film, version.filters(video[film], given.height), given.crf, part)
                for frame, faces in shown(truth.get(film, {}), version.speed, video[film], frames):
                    for face in faces:
                        moved = version.place(face, video[film], given.height)
                        if moved is not None:
                            table.writerow([begin + frame, *(round(v, 1) for v in moved[:4]), moved[4]])
                parts.append(part)
                begin += frames
    names = given.out / "parts.txt"
    names.write_text("".join(f"file '{part.name}'\n" for part in parts), encoding="utf-8")
    subprocess.run(
        ["ffmpeg", "-y", "-v", "error", "-f", "concat", "-safe", "0", "-i", names, "-c", "copy",
         given.out / "film.mp4"],
        check=True,
    )  # fmt: skip
    for path in [*parts, names]:
        path.unlink()
    print(f"{begin} frames, {begin / RATE / 60:.1f} minutes, {len(parts)} clips")


def shown(
    truth: dict[int, list[Face]], speed: float, video: Video, frames: int
) -> list[tuple[int, list[Face]]]:
    """The labelled faces of each frame shown: those of the nearest frame of the clip."""
    found = []
    for frame in range(frames if truth else 0):
        source = round(frame / RATE * speed * float(video.frame_rate))
        if source in truth:
            found.append((frame, truth[source]))
    return found


if __name__ == "__main__":
    main()
