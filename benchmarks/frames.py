"""Frames read, compared with FFmpeg's count: containers by codecs, with and without B-frames, joined, cut.

    python benchmarks/frames.py            every case, a row a container
    python benchmarks/frames.py --misses   and the cases that are neither equal nor reported, one a line

The ffmpeg command makes each film: 50 frames, 96x64, 25 a second. "joined" is the file twice, byte after
byte; "cut" its first 60 %; "holed" has a block of zeros in the middle. A case is equal if castlist reads as
many frames as `ffprobe -count_frames` counts; "said" if it reads fewer and reports it (damaged frames, or
seconds that could not be read); "more" if it reads more than ffprobe; "refused" if neither reads any.
"""

from __future__ import annotations

import argparse
import itertools
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from castlist.decode.source import Source
from castlist.decode.wire import Unusable

FRAMES = 50
CODECS = {
    "h264": ["-c:v", "libx264", "-preset", "veryfast"],
    "hevc": ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"],
    "mpeg2": ["-c:v", "mpeg2video"],
    "mpeg4": ["-c:v", "mpeg4"],
    "vp9": ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"],
    "mjpeg": ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"],
    "ffv1": ["-c:v", "ffv1"],
    "wmv2": ["-c:v", "wmv2"],
}
REORDERS = ("h264", "hevc", "mpeg2", "mpeg4")  # codecs that have B-frames
CONTAINERS = {  # ending: muxer
    "mp4": "mp4", "mov": "mov", "mkv": "matroska", "webm": "webm", "avi": "avi", "ts": "mpegts",
    "m2ts": "mpegts", "vob": "vob", "flv": "flv", "wmv": "asf", "mxf": "mxf", "nut": "nut",
}  # fmt: skip
STATES = ("whole", "joined", "cut", "holed")


def ffmpeg(*arguments: str) -> bool:
    return not subprocess.run(
        ["ffmpeg", "-v", "quiet", "-y", *arguments], stdin=subprocess.DEVNULL
    ).returncode


def counted(film: Path) -> int:
    """Frames that ffprobe reads; 0 if it cannot read the film."""
    wanted = ["-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames"]
    command = ["ffprobe", "-v", "quiet", *wanted, "-of", "csv=p=0", str(film)]
    found = re.match(r"\d+", subprocess.run(command, capture_output=True, text=True).stdout.strip())
    return int(found[0]) if found else 0


def read(film: Path) -> tuple[int, bool]:
    """Frames that castlist reads, and whether it reports missing ones. Raises Unusable."""
    with film.open("rb", buffering=0) as file:
        source = Source(file, threads=1, max_pixels=1 << 26)
        times = [pts for pts, frame in source.frames() if frame is not None]
        if any(a >= b for a, b in itertools.pairwise(times)):
            raise AssertionError(f"{film.name}: times do not rise")
        return len(times), bool(source.damaged or source.unread)


def states(film: Path) -> dict[str, Path]:
    """The film whole, twice, cut and with a hole."""
    data = film.read_bytes()
    hole = bytearray(data)
    middle = len(data) // 2
    hole[middle : middle + min(1500, len(data) // 10)] = bytes(min(1500, len(data) // 10))
    made = {"whole": data, "joined": data + data, "cut": data[: len(data) * 6 // 10], "holed": bytes(hole)}
    for name, content in made.items():
        film.with_stem(name).write_bytes(content)
    return {name: film.with_stem(name) for name in made}


def verdict(film: Path) -> tuple[str, str]:
    """How a film is read, and the numbers of frames."""
    expected = counted(film)
    try:
        frames, said = read(film)
    except Unusable as error:
        return ("refused" if expected == 0 else "MISS"), f"refused ({error.code}), ffprobe {expected}"
    word = "equal" if frames == expected else "more" if frames > expected else "said" if said else "MISS"
    return word, f"{frames} read, ffprobe {expected}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    misses = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for (codec, how), b in itertools.product(CODECS.items(), (0, 2)):
            if b and codec not in REORDERS:
                continue
            source = ["-f", "lavfi", "-i", f"testsrc2=s=96x64:r=25:d={FRAMES / 25}", "-g", "12"]
            ffmpeg(*source, *how, *(["-bf", str(b)] if codec in REORDERS else []), str(place / "coded.nut"))
            for ending, muxer in CONTAINERS.items():
                film = place / f"film.{ending}"
                extra = ["-mpegts_m2ts_mode", "1"] if ending == "m2ts" else []
                if not ffmpeg("-i", str(place / "coded.nut"), "-c", "copy", *extra, "-f", muxer, str(film)):
                    continue
                for state, path in states(film).items():
                    word, numbers = verdict(path)
                    total[state, word] += 1
                    if word in ("MISS", "more"):
                        misses.append(f"{word:6} {ending:5} {codec:6} B={b} {state:7} {numbers}")
    words = ("equal", "said", "more", "refused", "MISS")
    sys.stdout.write(f"{'':8}" + "".join(f"{word:>9}" for word in words) + "\n")
    for state in STATES:
        sys.stdout.write(f"{state:8}" + "".join(f"{total[state, word]:9}" for word in words) + "\n")
    if options.misses:
        sys.stdout.write("\n".join(misses) + "\n")
    return int(any(line.startswith("MISS") for line in misses))


if __name__ == "__main__":
    sys.exit(main())
