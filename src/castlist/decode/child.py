"""The decoding child: a process of its own, so that no broken file can hurt the one that reads it.

Started by process.py with a job (JSON) as its only argument; it imports PyAV and NumPy and nothing
heavier. It ends when its work is done, when it is killed, and when its parent is gone.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import sys
from typing import Any

import numpy as np

from castlist.decode import wire

ALIVE_EVERY = 0.5  # seconds between signs of life while no frame is ready


def main(text: str) -> None:
    """Do the job and say how it went; never raises."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    job = json.loads(text)
    _die_with_parent(job["life"])
    out = job["out"]
    try:
        _limit_memory(job["memory"])
        work(job, out)
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    except BaseException as e:
        code = getattr(e, "code", wire.NO_MEMORY if isinstance(e, MemoryError) else wire.BROKEN)
        detail = getattr(e, "detail", f"{type(e).__name__}: {e}")
        _say(out, wire.Record(wire.ERROR), wire.dump({"code": str(code), "detail": detail}))
    os._exit(0)  # no clean-up that a damaged codec state could hang in


def work(job: dict[str, Any], out: int) -> None:
    """Describe the file, then send its frames if the job has slots for them."""
    import av.logging

    from castlist.decode.picture import Painter, fitted, orientation, shown_size
    from castlist.decode.source import Source, Unusable

    av.logging.set_level(None)
    with open(job["file"], "rb", buffering=0) as file:
        source = Source(file, threads=job["threads"], max_pixels=job["max_pixels"])
        if not job["slots"]:
            first = next((f for _, f in source.frames() if f is not None), None)
            if first is None:
                raise Unusable(wire.NO_FRAME)
            transpose, _, _ = orientation(first)
            aspect = source.stream.sample_aspect_ratio
            width, height = shown_size(first.width, first.height, aspect, transpose)
            if width * height > job["max_pixels"]:
                raise Unusable(wire.TOO_LARGE, f"{width}x{height}")
            _say(out, wire.Record(wire.HEADER), wire.dump(_describe(source, first, width, height)))
            return
        _say(out, wire.Record(wire.HEADER), wire.dump({"unit": str(source.unit)}))
        painter = Painter(*fitted(job["width"], job["height"], job["max_side"]))
        _send_frames(source, painter, job, out)


def _describe(source: Any, first: Any, width: int, height: int) -> dict[str, Any]:
    return {
        "unit": str(source.unit),
        "width": width,
        "height": height,
        "rate": str(source.rate),
        "duration": str(source.duration),
        "codec": source.stream.codec_context.name,
        "pixel_format": first.format.name,
    }


def _send_frames(source: Any, painter: Any, job: dict[str, Any], out: int) -> None:
    """Paint each frame into a free slot of the ring and tell the parent; wait while all are full."""
    import time

    shape = (job["slots"], painter.height, painter.width, 3)
    ring = np.frombuffer(mmap.mmap(job["ring"], int(np.prod(shape))), np.uint8).reshape(shape)
    free = list(range(job["slots"]))
    told = time.monotonic()
    for pts, frame in source.frames(job["start"]):
        if frame is None:
            if time.monotonic() - told > ALIVE_EVERY:
                _say(out, wire.Record(wire.ALIVE, damaged=source.damaged, dropped=source.dropped))
                told = time.monotonic()
            continue
        if not free:
            free.extend(_emptied())
        slot = free.pop(0)
        ring[slot] = painter(frame)
        _say(out, wire.Record(wire.FRAME, slot, 0, pts, source.damaged, source.dropped))
    _say(out, wire.Record(wire.END, damaged=source.damaged, dropped=source.dropped))


def _emptied() -> bytes:
    """Slots that the parent has emptied, one byte each; waits for one."""
    slots = os.read(0, 256)
    if not slots:
        raise BrokenPipeError  # the parent is gone
    return slots


def _say(out: int, record: wire.Record, text: bytes = b"") -> None:
    data = record.pack(text)
    while data:
        data = data[os.write(out, data) :]


def _die_with_parent(life: int) -> None:
    """End at once when the parent ends: it holds the other end of this pipe, on which nothing is sent.

    The kernel then signals the closed pipe (SIGIO, whose default is to end the process), which works
    even while a codec hangs.
    """
    if hasattr(os, "O_ASYNC"):
        import fcntl

        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
        os.set_blocking(life, False)
        try:
            gone = os.read(life, 1) == b""  # it may have ended before we asked for the signal
        except BlockingIOError:
            gone = False
        if gone:
            os._exit(0)


def _limit_memory(limit: int) -> None:
    if limit and sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or limit <= hard:
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
