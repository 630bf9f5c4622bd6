"""The frames of a film and their times, read by castlist's reader once for each state of a file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from castlist.decode import open_video, read_frames
from castlist.types import Clock, Video

__all__ = ["clock_of", "pictures", "video_of"]

State = tuple[str, int, int, int]


def _state(path: Path) -> State:
    found = path.stat()
    return str(path), found.st_ino, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=64)
def _seen(state: State) -> tuple[Video, Clock, tuple[np.ndarray, ...]]:
    video = open_video(Path(state[0]))
    with read_frames(video) as reader:
        frames = [(frame.pts, frame.image) for frame in reader]
        return video, Clock(np.array([pts for pts, _ in frames]), reader.unit), tuple(i for _, i in frames)


def video_of(path: Path) -> Video:
    """A film as it lies there."""
    return _seen(_state(path))[0]


def clock_of(path: Path) -> Clock:
    """The times of its frames."""
    return _seen(_state(path))[1]


def pictures(path: Path) -> list[np.ndarray]:
    """(h, w, 3) BGR of each frame."""
    return [image.copy() for image in _seen(_state(path))[2]]
