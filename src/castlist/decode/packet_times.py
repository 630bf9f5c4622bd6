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
    """When the frames of a film are shown, by the times of its packets; read by a process of its own."""

    def __init__(self, video: Video, *, limits: Limits | None = None) -> None:
        """Start to read, and return at once.

        Raises:
            VideoError: the file is gone, or may not be read.
        """
        fd = open_plain(video.path)
        try:
            job = wire.DecodeJob(canvas=-1, packets=True)
            self._child = Child(video.path, fd, limits or Limits(), job=job)
        finally:
            os.close(fd)

    def read(self) -> NDArray[np.int64]:
        """(f,) times in ticks of `Reader.unit`, rising.

        Nothing is decoded: a frame that turns out to be damaged is among them, so whoever relies on them
        compares them with the frames that came. Empty where the packets do not tell: raw streams, AVI,
        broadcast formats, and films whose clock starts again.

        Raises:
            VideoError: the file cannot be read, or it was stopped.
        """
        times: list[NDArray[np.int64]] = []
        while True:
            record, text = self._child.hear()
            if record.kind == RecordKind.TIMES:
                times.append(np.frombuffer(text, np.int64))
            elif record.kind == RecordKind.END:
                foretold = wire.load(text, wire.PacketsRead)["foretold"]
                return np.concatenate(times) if foretold and times else np.zeros(0, np.int64)

    def stop(self) -> None:
        """End the process; a `read` under way in another thread then raises VideoError."""
        self._child.kill()

    def close(self) -> None:
        """End the process and forget it; may be called again."""
        self._child.close()
