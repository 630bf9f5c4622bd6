"""The rendering child: decodes a film, changes its frames or takes parts of it, and encodes it again.

Started by process.py with a job (JSON) as its only argument.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from castlist.decode import child, wire
from castlist.render.covers import Covers
from castlist.render.sound import Cut, Whole
from castlist.render.stream import Pictures

__all__ = ["main"]

_NOTHING, _NOWHERE = np.zeros(0, np.int8), np.zeros((0, 4), np.float32)


def main(text: str) -> None:
    """Do the job and say how it went; never raises."""
    child.main(text, work)


def work(job: dict[str, Any], out: int) -> None:
    """Write the film again: all of it with covers, or some parts."""
    import av
    import av.logging

    from castlist.decode.source import Unusable

    av.logging.set_level(None)
    with open(job["file"], "rb", buffering=0, closefd=False) as file:
        try:
            with av.open(
                f"file:{job['target']}", "w", format=job["container"], options=_flags(job)
            ) as target:
                told = (_parts if "spans" in job else _whole)(file, target, job, out)
        except (av.error.FFmpegError, OSError) as error:
            raise Unusable(wire.UNWRITTEN, _unwritten(error)) from error
    child.say(out, wire.Record(wire.END), wire.dump(told))


def _flags(job: dict[str, Any]) -> dict[str, str]:
    """Muxer options: the index comes first, so that a film plays while it loads."""
    return {"movflags": "+faststart"} if job["container"] in ("mp4", "mov") else {}


def _unwritten(error: Exception) -> str:
    why = getattr(error, "strerror", None) or str(error)
    return f"the film could not be written ({why}); free some space, or name another file"


def _source(file: Any, job: dict[str, Any]) -> Any:
    from castlist.decode.source import Source

    exact = job.get("exact", False)
    return Source(file, threads=job["threads"], max_pixels=job["max_pixels"], exact=exact)


def _progress(out: int, source: Any, pts: int) -> None:
    child.say(out, wire.Record(wire.FRAME, 0, pts, source.damaged, source.retimed, source.unread))


def _whole(file: Any, target: Any, job: dict[str, Any], out: int) -> dict[str, Any]:
    """All frames with their covers, each at its time."""
    with open(job["table"], "rb", closefd=False) as table:
        table.seek(0)
        covers = Covers.load(table)
    source = _source(file, job)
    pictures = Pictures(source, target, job)
    sound = None if job["mute"] else Whole(source, target, job)
    frames = 0
    for number, (pts, frame) in enumerate(source.frames()):
        rows = covers.at(number)
        packets = pictures.encode(pts, frame, covers.kind[rows], covers.box[rows])
        if sound:
            sound.until(pts * source.unit)
        target.mux(packets)
        frames += 1
        _progress(out, source, pts)
    target.mux(pictures.end())
    if sound:
        sound.until(None)
    return {"frames": frames, "codec": pictures.codec, "sound": sound.told if sound else []}


def _parts(file: Any, target: Any, job: dict[str, Any], out: int) -> dict[str, Any]:
    """The frames of each part, one part after another."""
    source = _source(file, job)
    pictures = Pictures(source, target, job)
    sound = None if job["mute"] else Cut(source, target, job)
    frames, shown = 0, 0
    for begin, end in job["spans"]:
        here = _source(file, job)  # a reader that was left in the middle of its frames cannot be used again
        for pts, frame in here.frames(begin):
            if pts >= end:
                break
            if frame is None:
                child.say(out, wire.Record(wire.ALIVE))
                continue
            at = shown + pts - begin
            packets = pictures.encode(at, frame, _NOTHING, _NOWHERE)
            if sound:
                sound.until(at * source.unit)
            target.mux(packets)
            frames += 1
            _progress(out, here, pts)
        here.container.close()
        shown += end - begin
    target.mux(pictures.end())
    if sound:
        sound.until(None)
    return {"frames": frames, "codec": pictures.codec, "sound": sound.told if sound else []}
