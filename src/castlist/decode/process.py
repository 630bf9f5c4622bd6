"""The parent's side of the decoding child: starts it, reads its records, and always ends it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from castlist.decode import wire
from castlist.decode.files import OF_PICTURES, UNREADABLE, Limits, printable
from castlist.decode.wire import Fault, RecordKind, WishKind
from castlist.errors import VideoError
from castlist.own_process import own_process

_REMEDY = "; if players show it, re-encode it, for example: ffmpeg -i FILM -c:v libx264 film.mp4"

_SENTENCES = {
    Fault.NOT_A_VIDEO: "{name} is not a video that can be read; give a film file such as .mp4, .mkv or .ts",
    Fault.NO_INDEX: "{name} is cut short: its index (moov), which a camera writes last and without which "
    "nothing can be read, is missing; if it is still being copied or recorded, wait until it is complete; "
    "else copy it again from where it comes from, or repair it with a program such as untrunc",
    Fault.PICTURE: "{name} is a single picture, not a video; give a film file such as .mp4 or .mkv, or "
    "make one of a sequence of pictures first, for example: " + OF_PICTURES,
    Fault.MOVING_WEBP: "{name} is an animated WebP picture, which FFmpeg cannot read; make a film of it "
    "first, for example with ImageMagick: magick FILM.webp film.mp4",
    Fault.AUDIO_ONLY: "{name} contains sound but no moving pictures; give a file with a video track",
    Fault.NO_DECODER: "{name} is in a video format that FFmpeg cannot decode here" + _REMEDY,
    Fault.NO_FRAME: "no frame of {name} could be decoded: the file is empty, cut short or damaged" + _REMEDY,
    Fault.TOO_LARGE: "the frames of {name} are {detail} pixels, more than the limit of {megapixels} "
    "megapixels; make a smaller copy of the film first, for example: ffmpeg -i FILM -vf scale=1920:-2 "
    "small.mp4",
    Fault.NO_MEMORY: "decoding {name} needs more than the limit of {gigabytes:.1f} GiB of memory; "
    "make a smaller copy of the film first, for example: ffmpeg -i FILM -vf scale=1920:-2 small.mp4",
    Fault.UNREADABLE: UNREADABLE,
    Fault.UNWRITTEN: "{detail}",
    Fault.BROKEN: "{name} could not be decoded ({detail})" + _REMEDY,
}


class Child:
    """A decoder of one file: `hear` gives its records, `ask` has it paint a frame, `close` ends it."""

    def __init__(
        self,
        path: Path,
        fd: int,
        limits: Limits,
        *,
        module: str = "castlist.decode.child",
        fds: tuple[int, ...] = (),
        job: Mapping[str, object],
    ) -> None:
        """`module` has the `main` that does the job, and can use the descriptors `fds`, too."""
        self._path, self._limits = path, limits
        self.frames = 0  # frames
        # Records that arrived before an awaited picture.
        self._waiting: deque[tuple[wire.Record, bytes]] = deque()
        life, self._life = os.pipe()
        self._in, out = os.pipe()
        job = {**job, "file": fd, "life": life, "out": out, "threads": limits.threads}
        job |= {"memory": limits.memory, "max_pixels": limits.max_pixels}
        canvas = job.get("canvas")
        kept = [fd, life, out, *fds] + ([canvas] if isinstance(canvas, int) and canvas >= 0 else [])
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
        try:
            self._process = subprocess.Popen(  # noqa: S603
                own_process(module, json.dumps(job)),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=kept,
                env=environment,
                process_group=0,  # Ctrl-C in the terminal reaches only the parent
                bufsize=0,
            )
        except BaseException:
            os.close(self._life)
            os.close(self._in)
            raise
        finally:
            os.close(life)
            os.close(out)
        self._poll = select.poll()
        self._poll.register(self._in, select.POLLIN)

    def hear(self) -> tuple[wire.Record, bytes]:
        """The next record, and its text if it has one.

        Raises:
            VideoError: the file cannot be used, or the decoder hung or crashed.
        """
        record, text = self._waiting.popleft() if self._waiting else self._next()
        if record.kind == RecordKind.ERROR:
            self._fail(text)
        self.frames += record.kind == RecordKind.FRAME
        return record, text

    def ask(self, pts: int) -> None:
        """Have the child paint a frame that it still holds, and wait for it. Raises as `hear` does."""
        self._send(WishKind.ASK, pts)
        while (answer := self._next())[0].kind != RecordKind.PAINTED:
            self._waiting.append(answer)
        if answer[1]:
            self._fail(answer[1])

    def done(self, pts: int) -> None:
        """Release all frames up to this one."""
        self._send(WishKind.DONE, pts)

    def go_on(self, job: wire.DecodeJob) -> None:
        """Send the rest of its job to a waiting child."""
        self._write(wire.more(job))

    def _next(self) -> tuple[wire.Record, bytes]:
        record = wire.unpack(self._read(wire.SIZE))
        return record, self._read(record.text) if record.text else b""

    def _fail(self, text: bytes) -> NoReturn:
        self.close()
        error = wire.load(text, wire.Trouble)
        raise VideoError(fault_sentence(self._path, self._limits, error))

    def _send(self, kind: WishKind, pts: int) -> None:
        self._write(wire.wish(kind, pts))

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(data)

    def kill(self) -> None:
        """End the child; a thread that waits in `hear` then gets the error."""
        self._process.kill()

    def close(self) -> None:
        """End the child; calling it again has no effect."""
        if self._in < 0:
            return
        self._process.kill()
        for fd in (self._in, self._life):
            os.close(fd)
        self._in = -1
        with contextlib.suppress(BrokenPipeError):
            assert self._process.stdin is not None  # noqa: S101
            self._process.stdin.close()
        self._process.wait()

    def _read(self, size: int) -> bytes:
        data = b""
        deadline = time.monotonic() + self._limits.seconds
        while len(data) < size:
            left = deadline - time.monotonic()
            if not self._poll.poll(max(0.0, left) * 1000):
                self.close()
                raise VideoError(
                    f"the decoder of {printable(self._path)} hung after frame {self.frames} and was stopped: "
                    f"no frame came for {self._limits.seconds:g} seconds; if the film is on a network drive, "
                    f"copy it to this computer first{_REMEDY}"
                )
            part = os.read(self._in, size - len(data))
            if not part:
                raise VideoError(self._obituary())
            data += part
        return data

    def _obituary(self) -> str:
        """Why the child ended without reporting a reason."""
        code = self._process.wait()
        self.close()
        if code < 0:
            with contextlib.suppress(ValueError):
                cause = signal.Signals(-code).name
                return self._broken(f"its decoder crashed with {cause} after frame {self.frames}")
        return self._broken(f"its decoder ended with status {code} after frame {self.frames}")

    def _broken(self, detail: str) -> str:
        return fault_sentence(self._path, self._limits, {"code": Fault.BROKEN, "detail": detail})


def fault_sentence(path: Path, limits: Limits, trouble: wire.Trouble) -> str:
    """What a child says is wrong with a film, as a sentence."""
    return _SENTENCES[Fault(trouble["code"])].format(
        name=printable(path),
        detail=trouble["detail"],
        megapixels=limits.max_pixels // 1_000_000,
        gigabytes=limits.memory / (1 << 30),
    )
