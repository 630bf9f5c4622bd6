"""Cut films in which every frame and sound encodes its time, and measure the output.

    python benchmarks/reel.py [--parts 12] [--seconds 60]

Each film shows its frame's number in black and white squares, and every half second a tone of 60 ms begins
together with a marked frame. Parts are cut at random. Measured on the output: how many of its frames differ
from those asked for; the distance of each tone from its frame (A/V offset: the mean of the first three and of
the last three, and the largest); the lengths of the picture and of the sound.
"""

from __future__ import annotations

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from castlist.decode import open_video, read_frames
from castlist.render import cut
from castlist.types import Clock

RATE = 48_000
BITS = 12
FILMS = (  # name, frame rate, variable, sound
    ("25.mp4", Fraction(25), False, "aac"),
    ("23.976.mp4", Fraction(24000, 1001), False, "aac"),
    ("29.97.mov", Fraction(30000, 1001), False, "pcm_s16le"),
    ("50.mkv", Fraction(50), False, "libopus"),
    ("59.94.ts", Fraction(60000, 1001), False, "aac"),
    ("variable.mkv", Fraction(25), True, "flac"),
    ("variable.mp4", Fraction(30), True, "aac"),
)


def picture(number: int, marked: bool) -> np.ndarray:
    """A frame that shows its number, in 12 squares in two rows, and whether a tone begins with it."""
    image = np.zeros((96, 128, 3), np.uint8)
    for bit in range(BITS):
        x, y = 20 * (bit % 6), 24 * (bit // 6)
        image[y : y + 20, x : x + 16] = 255 * (number >> bit & 1)
    image[60:90] = 255 * marked
    return image


def number_of(image: np.ndarray) -> int:
    return sum(1 << bit for bit in range(BITS) if image[24 * (bit // 6) + 8, 20 * (bit % 6) + 8].mean() > 127)


def film(
    path: Path, rate: Fraction, variable: bool, sound: str, seconds: float
) -> tuple[list[Fraction], set[int]]:
    """Draw a film; returns the times of its frames, and the frames with which a tone begins."""
    rng = np.random.default_rng(len(path.name))
    steps = rng.choice([1, 2, 2, 3], int(seconds * rate)) if variable else np.full(int(seconds * rate), 2)
    stamps = np.concatenate([[0], np.cumsum(steps)[:-1]]).tolist()
    unit = 1 / (2 * rate)
    times = [s * unit for s in stamps]
    marks, due = set(), Fraction(1, 2)
    for number, time in enumerate(times):
        if time >= due:
            marks.add(number)
            due = time + Fraction(1, 2)
    wave = np.zeros(int(times[-1] * RATE) + RATE, np.float32)
    for number in marks:
        at = round(times[number] * RATE)
        wave[at : at + 2880] += 0.5 * np.sin(np.arange(2880) * 2 * np.pi * 2000 / RATE)[: len(wave) - at]
    with av.open(str(path), "w") as target:
        pictures = target.add_stream(
            "libx264", rate=rate, options={"crf": "20", "preset": "veryfast", "g": "48"}
        )
        pictures.width, pictures.height, pictures.pix_fmt = 128, 96, "yuv420p"
        pictures.codec_context.time_base = pictures.time_base = unit
        tones = target.add_stream(sound, rate=RATE)
        tones.codec_context.layout = "mono"
        done = 0
        for number, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(picture(number, number in marks), format="rgb24")
            frame.pts, frame.time_base = stamp, unit
            target.mux(pictures.encode(frame))
            while done < len(wave) and done < times[number] * RATE:
                part = av.AudioFrame.from_ndarray(
                    (wave[None, done : done + 960] * 32767).astype(np.int16), "s16", "mono"
                )
                part.sample_rate, part.pts, part.time_base = RATE, done, Fraction(1, RATE)
                target.mux(tones.encode(part))
                done += 960
        target.mux(pictures.encode())
        target.mux(tones.encode())
    return times, marks


def heard(path: Path) -> np.ndarray:
    """Times, in seconds, at which tones begin."""
    pieces, at = [], []
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "mono", RATE)
        for frame in container.decode(audio=0):
            at.append(float(frame.pts * frame.time_base))
            pieces += [p.to_ndarray()[0] for p in resampler.resample(frame)]
    wave = np.abs(np.concatenate(pieces))
    loud = np.convolve(wave, np.ones(48) / 48, "same") > 0.05
    starts = np.flatnonzero(loud[1:] & ~loud[:-1])
    quiet = [s for s in starts if not loud[max(0, s - 2400) : s].any()]
    return np.array(quiet) / RATE + at[0]


def measured(source: Path, clock: Clock, marks: set[int], parts: int, target: Path) -> str:
    rng = np.random.default_rng(7)
    edges = np.sort(rng.choice(np.arange(5, len(clock) - 5), 2 * parts, replace=False))
    spans = [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    video = open_video(source)
    cut(video, clock, target, spans)
    wanted = [n for a, b in spans for n in range(a, b)]
    with read_frames(open_video(target)) as reader:
        got, times = [], []
        for frame in reader:
            got.append(number_of(frame.image))
            times.append(float(frame.pts * reader.unit))
    wrong = sum(a != b for a, b in zip(got, wanted, strict=False)) + abs(len(got) - len(wanted))
    safe = [  # a tone near to a cut is faded
        t
        for n, t in zip(wanted, times, strict=False)
        if n in marks
        and any(
            float(clock.time(n) - clock.time(a)) > 0.06 and float(clock.time(b) - clock.time(n)) > 0.06
            for a, b in spans
            if a <= n < b
        )
    ]
    tones = heard(target)
    offset = np.array([tones[np.abs(tones - t).argmin()] - t for t in safe]) * 1000
    span = sum(float(clock.time(b) - clock.time(a)) for a, b in spans)
    with av.open(str(target)) as container:
        lengths = [float(s.duration * s.time_base) for s in container.streams if s.duration]
    return (
        f"{source.name:14}{len(wanted):7}{wrong:7}{len(safe):7}{offset[:3].mean():9.2f}{offset[-3:].mean():9.2f}"
        f"{np.abs(offset).max():9.2f}   {span:.4f} s asked for, " + ", ".join(f"{v:.4f}" for v in lengths)
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    columns = ("frames", "wrong", "tones", "first ms", "last ms", "worst ms")
    print(
        f"{'film':14}{columns[0]:>7}{columns[1]:>7}{columns[2]:>7}" + "".join(f"{c:>9}" for c in columns[3:])
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, rate, variable, sound in FILMS:
            source = Path(folder) / name
            _, marks = film(source, rate, variable, sound, args.seconds)
            with read_frames(open_video(source)) as reader:
                pts = np.array([frame.pts for frame in reader])
                clock = Clock(pts, reader.unit)
            print(measured(source, clock, marks, args.parts, Path(folder) / f"reel.{name}.mp4"), flush=True)


if __name__ == "__main__":
    main()
