"""Films with everything that a redacted film must lose or keep."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

RATE = 48_000


def noisy_film(path: Path, *, sound: str = "aac", pts: Any = None, **stream_options: Any) -> Path:
    """40 frames of coarse noise, two tones, a title, an artist, and a subtitle that says who is seen."""
    rng = np.random.default_rng(3)
    pts = range(40) if pts is None else pts
    with av.open(str(path), "w") as film:
        film.metadata["title"] = "Carl at home"
        picture = film.add_stream("libx264", rate=25, options={"crf": "12", "preset": "ultrafast"})
        picture.width, picture.height = stream_options.get("size", (64, 48))
        picture.pix_fmt = stream_options.get("pixel_format", "yuv420p")
        picture.codec_context.time_base = picture.time_base = Fraction(1, 25)
        if "aspect" in stream_options:
            picture.codec_context.sample_aspect_ratio = stream_options["aspect"]
        tone = film.add_stream(sound, rate=RATE) if sound else None
        if tone:
            tone.metadata["title"] = "Carl speaks"
        film.start_encoding()
        for stamp in pts:
            coarse = rng.integers(30, 230, (6, 8, 3), np.uint8)
            image = np.kron(coarse, np.ones((picture.height // 6, picture.width // 8, 1), np.uint8))
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = stamp, Fraction(1, 25)
            film.mux(picture.encode(frame))
        film.mux(picture.encode())
        if tone:
            _sing(film, tone)
    return path


def _sing(film: Any, tone: Any) -> None:
    wave = (8000 * np.sin(np.arange(RATE * 2) * 440 * 2 * np.pi / RATE)).astype(np.int16)
    for start in range(0, len(wave), 1024):
        frame = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        film.mux(tone.encode(frame))
    film.mux(tone.encode())


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return noisy_film(tmp_path_factory.mktemp("noise") / "carl.mp4")


@pytest.fixture(scope="session")
def make_film() -> Callable[..., Path]:
    return noisy_film
