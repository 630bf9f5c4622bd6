"""A process that scans segments of one film for parallel.py.

Started by parallel.py with the descriptor of a connection as its only argument.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import NamedTuple

from castlist.progress import Pace
from castlist.recipe import Recipe
from castlist.types import Machine, Scan, Video

__all__ = ["ScanJob", "ScanProgress", "ScanRun", "ScanRunEnd", "ScannedPiece", "main"]

EVERY = 0.2  # seconds between two messages of progress


class ScanJob(NamedTuple):
    """The first message to a worker: the film, the recipe and the machine."""

    video: Video
    recipe: str  # TOML
    machine: Machine


class ScanRun(NamedTuple):
    """A message to a worker: a run of segments to be scanned."""

    frames: int  # number of frames before the run
    last_pts: int | None  # time of the last of these frames, in ticks
    pieces: int | None  # None: up to the film's end


class ScanProgress(NamedTuple):
    """A message of a worker: the number of frames of its run processed so far."""

    frames: int


class ScannedPiece(NamedTuple):
    """A message of a worker: the next piece of its run."""

    scan: Scan
    pictures: dict[str, bytes]  # JPEG by name, without those of earlier pieces of the run


class ScanRunEnd(NamedTuple):
    """The last message of a worker on a run."""


def main(descriptor: str) -> None:
    """Scan runs until the parent is gone. An error ends this process, and the parent scans the rest."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    status = 1
    with suppress(EOFError, OSError), Connection(int(descriptor)) as parent:
        _serve(parent)
        status = 0
    os._exit(status)


def _serve(parent: Connection) -> None:
    import cv2

    from castlist.pipeline.scan import load_networks

    job: ScanJob = parent.recv()
    recipe = Recipe.stored(job.recipe)
    cv2.setNumThreads(job.machine.threads)
    load_networks(recipe, job.machine)
    while True:
        _scan(parent, job, recipe, parent.recv())


def _scan(parent: Connection, job: ScanJob, recipe: Recipe, run: ScanRun) -> None:
    from castlist.pipeline.scan import scan
    from castlist.store.pictures import picture_name

    pictures: dict[str, bytes] = {}
    pace = Pace(EVERY)

    def take(jpeg: bytes) -> str:
        name = picture_name(jpeg)
        pictures[name] = jpeg
        return name

    def watch(frames: int) -> None:
        if pace.due():
            parent.send(ScanProgress(frames - run.frames))

    pieces = scan(
        job.video, recipe, job.machine, frames=run.frames, last_pts=run.last_pts, most=run.pieces,
        keep_image=take, watch=watch,
    )  # fmt: skip
    for piece in pieces:
        new = [name for name in dict.fromkeys(piece.image) if name in pictures]
        parent.send(ScannedPiece(piece, {name: pictures.pop(name) for name in new}))
    parent.send(ScanRunEnd())
