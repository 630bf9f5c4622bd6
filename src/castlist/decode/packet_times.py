"""Presentation times of a film from its packets, without decoding: several processes can share a film."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from castlist.decode import wire
from castlist.decode.files import Limits, open_plain
from castlist.decode.process import Child
from castlist.decode.wire import RecordKind
from castlist.types import Video

__all__ = ["PacketTimes"]


class PacketTimes:
    """The presentation times of a film's frames, from its packets; a separate process reads them."""

    def __init__(self, video: Video, *, limits: Limits | None = None) -> None:
        """Begin to read, and return at once.

        Raises:
            VideoError: the file is missing or cannot be read.
        """
        fd = open_plain(video.path)
        try:
            job = wire.DecodeJob(canvas=-1, packets=True)
            self._child = Child(video.path, fd, limits or Limits(), job=job)
        finally:
            os.close(fd)

    def read(self) -> NDArray[np.int64]:
        """(f,) times in ticks of `Reader.unit`, increasing.

        Nothing is decoded: the times include damaged frames, so a caller must compare these with the frames
        read. Empty if the packets have no reliable times: raw streams, AVI, broadcast formats, and films
        whose clock restarts.

        Raises:
            VideoError: the file cannot be read, or the process was stopped.
        """
        times: list[NDArray[np.int64]] = []
        while True:
            record, text = self._child.hear()
            if record.kind == RecordKind.TIMES:
                times.append(np.frombuffer(text, np.int64))
            elif record.kind == RecordKind.END:
                complete = wire.load(text, wire.PacketsRead)["complete"]
                return np.concatenate(times) if complete and times else np.zeros(0, np.int64)

    def stop(self) -> None:
        """End the process; a `read` in another thread then raises VideoError."""
        self._child.kill()

    def close(self) -> None:
        """End the process; calling it again has no effect."""
        self._child.close()
