"""Scans one film with several processes at once.

A segment does not depend on the segments before it, so the film is divided into runs of segments. The times
of the frames, and so the first frame of each run, are read from the film's packets, and compared with the
decoded frames. Where these differ (a frame cannot be decoded), or where a process ends, everything scanned
after that place is dropped and scanned again, as after an interruption. So the result never depends on the
number of processes.
"""

from __future__ import annotations

import itertools
import socket
import subprocess
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist import machine_limits
from castlist.decode import PacketTimes, WaitingDecoder
from castlist.errors import CastlistError, RecipeError
from castlist.helper_thread import HelperTask, HelperThread
from castlist.own_process import own_process
from castlist.pipeline.scan import SEGMENT, is_last_piece, scan
from castlist.pipeline.worker import ScanJob, ScannedPiece, ScanProgress, ScanRun
from castlist.recipe import Recipe
from castlist.types import Machine, Scan, Video

__all__ = ["scan_in_parallel"]

CORES = 2  # for each process, which reads, detects and embeds in two threads
MEMORY = 600 << 20  # bytes for each process and its decoder: the largest measured took 572 MiB
LEAST = 8  # segments (half a minute) from which processes pay: fewer are scanned before processes start
LONGEST = 16  # most segments of a run; each run costs a decoder's start and decoding from a key frame before
STARTS = 4  # times that a film is divided, at most: a damaged frame or a process that ends is the end of one
SHARES = 4  # runs for each process, so that processes end at nearly the same time
LOOK = 0.05  # seconds between two checks whether the packets' times are known
WINDOW = 3  # runs for each process that may be started before the first run is complete


def scan_in_parallel(
    video: Video,
    recipe: Recipe,
    machine: Machine,
    *,
    frames: int = 0,
    last_pts: int | None = None,
    retimed: int = 0,
    keep_image: Callable[[bytes], str],
    watch: Callable[[int], None] = lambda frames: None,
    decoder: WaitingDecoder | None = None,
) -> Iterator[Scan]:
    """The same pieces as `scan` gives, sooner where there are cores and memory for several processes.

    Arguments and errors are those of `scan`.
    """
    done = _Done(frames, last_pts, retimed)
    if _processes(video, recipe, machine, done) > 1:
        if decoder is not None:
            decoder.close()
        finished = yield from _shared_out(video, recipe, machine, done, keep_image, watch)
        if finished:
            return
    yield from scan(
        video, recipe, machine, frames=done.frames, last_pts=done.last_pts, retimed=done.retimed,
        keep_image=keep_image, watch=watch, decoder=decoder,
    )  # fmt: skip


def _shared_out(
    video: Video, recipe: Recipe, machine: Machine, done: _Done, keep_image: Callable[[bytes], str],
    watch: Callable[[int], None],
) -> Generator[Scan, None, bool]:  # fmt: skip
    """Pieces scanned by several processes; it returns whether the film's end was reached."""
    job = ScanJob(video, recipe.toml(), replace(machine, threads=CORES))
    with ExitStack() as at_end:
        packets = PacketTimes(video)
        at_end.callback(packets.close)
        helper = at_end.enter_context(HelperThread())
        at_end.callback(packets.stop)  # before the helper ends, which waits for the reading
        times = helper.do(packets.read)
        for _ in range(STARTS):
            count, before = _processes(video, recipe, machine, done), done.frames
            if count < 2:
                break
            with _Workers(job, count) as workers:
                sharing = _Sharing(workers.pipes, done, times, video, watch)
                for piece in sharing.pieces(keep_image):
                    done.add(piece)
                    yield piece
                    if is_last_piece(piece):
                        return True
            if sharing.finished or sharing.indivisible or done.frames == before:
                return sharing.finished
    return False


@dataclass(slots=True)
class _Done:
    """The frames of a film that are scanned."""

    frames: int
    last_pts: int | None
    retimed: int

    def add(self, piece: Scan) -> None:
        """Count one more piece."""
        self.frames += len(piece)
        self.retimed += piece.clock.retimed
        if len(piece):
            self.last_pts = int(piece.clock.pts[-1])


def _processes(video: Video, recipe: Recipe, machine: Machine, done: _Done) -> int:
    """The number of processes for the rest of a film."""
    segments = (video.frame_count_estimate - done.frames) // SEGMENT
    if segments < LEAST or done.retimed or done.frames % SEGMENT:
        return 1
    most = min(machine.cores // CORES, segments // 2)
    free = machine_limits.memory()
    if free is not None:
        most = min(most, free // MEMORY)
    try:  # a user's own step is known to this process only
        return most if Recipe.stored(recipe.toml()) == recipe else 1
    except RecipeError:
        return 1


class _Workers:
    """Processes that scan one film; the `with` block ends them."""

    def __init__(self, job: ScanJob, count: int) -> None:
        self._job, self._count = job, count
        self._processes: list[subprocess.Popen[bytes]] = []
        self.pipes: list[Connection] = []

    def __enter__(self) -> Self:
        with suppress(OSError):  # no memory for one more: the others do the work
            for _ in range(self._count):
                self._start()
        return self

    def _start(self) -> None:
        near, far = socket.socketpair()
        with near, far:
            self._processes.append(
                subprocess.Popen(  # noqa: S603
                    own_process("castlist.pipeline.worker", str(far.fileno())),
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    pass_fds=[far.fileno()], process_group=0,
                )
            )  # fmt: skip
            self.pipes.append(Connection(near.detach()))
        with suppress(OSError):  # `_Sharing` notices when it reads that the process has ended
            self.pipes[-1].send(self._job)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
        for pipe in self.pipes:
            pipe.close()
        for process in self._processes:
            process.wait()


@dataclass(slots=True)
class _Result:
    """A run, and its results so far."""

    run: ScanRun
    end: int | None  # expected time of its last frame, in ticks; None: it goes up to the film's end
    pieces: deque[ScannedPiece] = field(default_factory=deque)
    reached: _Done = field(init=False)
    seen: int = 0  # frames
    begun: bool = False
    complete: bool = False

    def __post_init__(self) -> None:
        self.reached = _Done(self.run.frames, self.run.last_pts, 0)

    def add(self, piece: ScannedPiece) -> None:
        """Add the next piece of the run."""
        self.pieces.append(piece)
        self.reached.add(piece.scan)

    @property
    def as_planned(self) -> bool:
        """Whether this run ended where the run after it begins, by the packets."""
        frames = self.run.frames + SEGMENT * (self.run.pieces or 0)
        return self.reached == _Done(frames, self.end, 0)


class _Sharing:
    """A film's runs, in order, and the processes that scan them.

    Attributes:
        finished: the film's end was reached.
        indivisible: the times of the packets do not tell where runs begin.
    """

    def __init__(
        self, pipes: list[Connection], done: _Done, times: HelperTask[NDArray[np.int64]], video: Video,
        watch: Callable[[int], None],
    ) -> None:  # fmt: skip
        self.finished = self.indivisible = False
        self._pipes, self._times, self._watch = pipes, times, watch
        self._before = done.frames
        left = (video.frame_count_estimate - done.frames) // SEGMENT
        self._length = max(1, min(LONGEST, -(-left // (SHARES * max(1, len(pipes))))))
        self._line = deque([_Result(ScanRun(done.frames, done.last_pts, self._length), None)])
        self._planned = False
        self._at: dict[Connection, _Result] = {}

    def pieces(self, keep_image: Callable[[bytes], str]) -> Iterator[Scan]:
        """The pieces of all runs in order; fewer where frames and packets differ, or a process ends."""
        while self._line and self._pipes:
            self._plan_runs()
            if self.indivisible:
                return
            self._send_runs()
            first = self._line[0]
            while first.pieces:
                piece = first.pieces.popleft()
                if any(keep_image(jpeg) != name for name, jpeg in piece.pictures.items()):
                    return
                yield piece.scan
            if first.complete and self._planned:
                if first.run.pieces is not None and not first.as_planned:
                    return
                self._before += first.seen
                self._line.popleft()
            elif not self._receive():
                return
        self.finished = not self._line

    def _plan_runs(self) -> None:
        """Add the runs after the first, once the times of the packets are known."""
        if self._planned or not self._times.done:
            return
        try:
            times = self._times.result()
        except CastlistError:
            times = np.zeros(0, np.int64)
        first, step = self._line[0], SEGMENT * self._length
        at = 0 if first.run.last_pts is None else int(np.searchsorted(times, first.run.last_pts, "right"))
        later = range(at + step, len(times) - step, step)  # first frames; the last run has all the rest
        self._planned, self.indivisible = True, not later
        first.end = int(times[later[0] - 1]) if later else None
        for number, start in enumerate(later, 1):
            last = number == len(later)
            frames, length = first.run.frames + step * number, None if last else self._length
            end = None if last else int(times[start + step - 1])
            self._line.append(_Result(ScanRun(frames, int(times[start - 1]), length), end))

    def _send_runs(self) -> None:
        """Send the next runs to idle processes."""
        for result in itertools.islice(self._line, WINDOW * len(self._pipes)):
            free = next((pipe for pipe in self._pipes if pipe not in self._at), None)
            if free is None:
                return
            if not result.begun:
                with suppress(OSError):  # `_receive` notices a process that has ended
                    free.send(result.run)
                result.begun, self._at[free] = True, result

    def _receive(self) -> bool:
        """Receive messages of the processes; whether all processes are alive."""
        ready = set(wait(list(self._at), None if self._planned else LOOK))
        for pipe in [pipe for pipe in self._at if pipe in ready]:
            result = self._at[pipe]
            try:
                message = pipe.recv()
            except (EOFError, OSError):
                return False
            if isinstance(message, ScanProgress):
                result.seen = message.frames
                self._watch(self._before + sum(r.seen for r in self._line))
            elif isinstance(message, ScannedPiece):
                result.add(message)
            else:
                result.complete = True
                result.seen = result.reached.frames - result.run.frames
                del self._at[pipe]
        return True
