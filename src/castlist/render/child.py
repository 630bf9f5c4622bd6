"""The rendering child: decodes a film, changes its frames or takes parts of it, and encodes it again.

process.py starts it with a job (JSON) as the only argument.
"""

from __future__ import annotations

import os
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from castlist.decode import child, wire
from castlist.decode.files import printable
from castlist.decode.high_range import is_high_range
from castlist.decode.readable import FilmDescriptor, Readable
from castlist.decode.wire import Fault, RecordKind, Unusable
from castlist.outputs import FULL, MARK
from castlist.render.covers import Covers
from castlist.render.sound import SoundCut, Whole
from castlist.render.stream import Pictures

if TYPE_CHECKING:
    from av.container import OutputContainer

    from castlist.decode.source import Source
    from castlist.render.job import RenderJob, RenderResult

__all__ = ["main"]

# Seconds of a tick: frames of all usual rates, including 24000/1001 and the like, fall on ticks.
FINE = Fraction(1, 240_000)
_NOTHING, _NOWHERE = np.zeros(0, np.int8), np.zeros((0, 4), np.float32)


def main(text: str) -> None:
    """Do the job and report its outcome; never raises."""
    child.run(text, work)


def work(job: RenderJob, out: int) -> None:
    """Write the film again: all of it with covers, or some parts."""
    import av
    import av.logging

    av.logging.set_level(None)
    try:
        with av.open(f"file:{job['target']}", "w", format=job["container"], options=_flags(job)) as target:
            target.metadata["comment"] = MARK
            result = _parts(target, job, out) if "parts" in job else _whole(target, job, out)
    except (av.error.FFmpegError, OSError) as error:
        raise Unusable(Fault.UNWRITTEN, _unwritten(error, os.path.dirname(job["target"]))) from error
    child.send_record(out, wire.Record(RecordKind.END), wire.dump(result))


def _flags(job: RenderJob) -> dict[str, str]:
    """Muxer options: the index comes first, so that a film plays while it loads."""
    return {"movflags": "+faststart"} if job["container"] in ("mp4", "mov") else {}


def _unwritten(error: Exception, folder: str) -> str:
    why = getattr(error, "strerror", None) or str(error)
    full = getattr(error, "errno", None) in FULL
    advice = (
        "free some space, or name another file" if full else "name another file, or a .mkv, which holds more"
    )
    return f"the film could not be written into {printable(folder)} ({why}); {advice}"


def _source(film: Readable, job: RenderJob, exact: bool = False) -> Source:
    from castlist.decode.source import Source

    return Source(film, threads=job["threads"], max_pixels=job["max_pixels"], exact=exact)


def _progress(out: int, source: Source, pts: int) -> None:
    child.send_record(
        out, wire.Record(RecordKind.FRAME, 0, pts, source.damaged, source.retimed, source.unread)
    )


def _whole(target: OutputContainer, job: RenderJob, out: int) -> RenderResult:
    """Write all frames with their covers, each at its time."""
    with open(job["table"], "rb", closefd=False) as table:
        table.seek(0)
        covers = Covers.load(table)
    source = _source(FilmDescriptor(job["file"]), job)
    pictures = Pictures(source, target, job)
    sound = None if job["mute"] else Whole(source, target, job)
    frames = 0
    for pts, frame in source.frames():
        if frame is None:  # a frame before the damage, read again
            child.send_record(out, wire.Record(RecordKind.ALIVE))
            continue
        rows = covers.at(frames)
        packets = pictures.encode(pts, frame, covers.kind[rows], covers.box[rows])
        if sound:
            sound.until(pts * source.unit)
        target.mux(packets)
        frames += 1
        _progress(out, source, pts)
    target.mux(pictures.end())
    if sound:
        sound.until(None)
    return {"frames": frames, "codec": pictures.codec, "sound": sound.summary if sound else []}


def _parts(target: OutputContainer, job: RenderJob, out: int) -> RenderResult:
    """Write the frames of each part, one part after another, of one film or several."""
    files = [FilmDescriptor(fd) for fd in job["files"]]
    sources = [_source(*each) for each in zip(files, [job] * len(files), job["exact"], strict=True)]
    _refuse_mixed_range(sources)
    model = sources[job["model"]]
    unit = model.unit if len(files) == 1 else FINE
    pictures = Pictures(model, target, job, unit)
    if len(files) > 1:
        pictures.like(next(frame for _, frame in model.frames() if frame is not None))
    sound = None if job["mute"] else SoundCut(sources, target, job)
    frames, shown = 0, Fraction(0)
    for number, begin, end in job["parts"]:
        # A reader that stopped in the middle of its frames cannot be used again.
        source = _source(files[number], job, job["exact"][number])
        for pts, frame in source.frames(begin):
            if pts >= end:
                break
            if frame is None:
                child.send_record(out, wire.Record(RecordKind.ALIVE))
                continue
            at = shown + (pts - begin) * source.unit
            packets = pictures.encode(round(at / unit), frame, _NOTHING, _NOWHERE, source)
            if sound:
                sound.until(at)
            target.mux(packets)
            frames += 1
            _progress(out, source, pts)
        source.container.close()
        shown += (end - begin) * source.unit
    target.mux(pictures.end())
    if sound:
        sound.until(None)
    return {"frames": frames, "codec": pictures.codec, "sound": sound.summary if sound else []}


def _refuse_mixed_range(sources: list[Source]) -> None:
    """Raise Unusable if only some films have high dynamic range: a file has one or the other."""
    high = {is_high_range(int(source.stream.codec_context.color_trc)) for source in sources}
    if len(high) > 1:
        raise Unusable(
            Fault.UNWRITTEN,
            "some of these films have a high dynamic range (HDR) and some do not; make a reel of each kind",
        )
