"""Kinds of faults around castlist: kills, signals, disks that are full or broken, too little memory."""

from __future__ import annotations

import errno
import random
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.faults.campaign import Box, Case, Command, kind
from tests.faults.kinds_workspace import looks
from tests.faults.server import Ended, Limits

WRITE, SYNC, GROW, NAME, MAKE, READ = 1, 2, 4, 8, 16, 32
FIND = ["find", "film.mp4", "-q", "-o", "new.castlist"]
CSV = ["export", "new.castlist", "--format", "csv"]
TAKES = 4.0  # seconds of a run within which it is killed


def same_csv(box: Box, ended: Ended) -> str:
    """Whether the CSV is that of an undisturbed run, which lies in the template's workspace."""
    whole = box.run(Command(["export", "film.castlist", "--format", "csv"]))
    return (
        ""
        if whole.out == ended.out and whole.status == 0
        else "the CSV differs from that of an undisturbed run"
    )


@kind("killed and resumed", 2)
def killed(rng: random.Random, box: Box) -> Case:
    times = rng.randrange(1, 4)
    kills = [
        Command(
            FIND,
            Limits(seconds=120, signal=(signal.SIGKILL, rng.uniform(0, TAKES))),
            allowed=(0, -signal.SIGKILL),
        )
        for _ in range(times)
    ]
    again = [Command(FIND, Limits(seconds=120), allowed=(0,)), Command(CSV, allowed=(0,))]

    def after(ended: list[Ended]) -> str:
        parts = [p.name for p in (box.folder / "new.castlist").rglob("*.part")]
        return same_csv(box, ended[-1]) or (f"{parts[0]} is left" if parts else "")

    return Case(f"{times} kills", [*kills, *again], after)


@kind("stopped by a signal and resumed", 2)
def stopped(rng: random.Random, box: Box) -> Case:
    number = rng.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    stop = Command(
        FIND, Limits(seconds=120, signal=(number, rng.uniform(0.2, TAKES))), allowed=(0, 128 + number)
    )
    again = [Command(FIND, Limits(seconds=120), allowed=(0,)), Command(CSV, allowed=(0,))]
    return Case(number.name, [stop, *again], lambda ended: same_csv(box, ended[-1]))


def _decisions(place: Path) -> int:
    with closing(sqlite3.connect(place / "cast.db")) as db:
        return int(db.execute("SELECT count(*) FROM decisions").fetchone()[0])


@kind("decisions killed", 3)
def decided(rng: random.Random, box: Box) -> Case:
    """A decision that was confirmed is in the log whatever happened afterwards."""
    words = ["decide", "film.castlist", "not-a-face", "0"]
    kill = Command(
        words, Limits(seconds=60, signal=(signal.SIGKILL, rng.uniform(0.05, 3.0))), allowed=(0, 2, -9)
    )
    look = Command(["decide", "film.castlist", "list"], Limits(seconds=60), allowed=(0,))

    def after(ended: list[Ended]) -> str:
        confirmed = ended[0].out.count(b"decision ")
        return f"{confirmed} confirmed, fewer are kept" if _decisions(box.place) < confirmed else ""

    return Case("SIGKILL while deciding", [kill, look], after)


def _fail(rng: random.Random, box: Box, place: str) -> tuple[str, Limits]:
    """Calls that fail from the n-th on, below a folder."""
    which = rng.choice((WRITE, SYNC, GROW, NAME, MAKE, READ, WRITE | GROW | MAKE | NAME))
    error = (
        errno.EIO
        if which in (SYNC, READ)
        else rng.choice((errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.EACCES))
    )
    after = rng.choice((0, 0, 1, 2, 3, 5, 8, 13, 21, 40, 80))
    names = {WRITE: "write", SYNC: "fsync", GROW: "truncate", NAME: "rename", MAKE: "create", READ: "read"}
    name = names.get(which, "everything")
    return f"{name} {errno.errorcode[error]} from call {after} on", Limits(
        seconds=120, fail=(which, after, error, str(box.folder / place))
    )


@kind("calls that fail", 8)
def faults(rng: random.Random, box: Box) -> Case:
    """ENOSPC, EIO and others at every call site; the next run is whole and no confirmed decision is lost."""
    if box.server.shim is None:
        return Case("no compiler here", [])
    fresh = rng.random() < 0.3
    what, limits = _fail(rng, box, "new.castlist" if fresh else "film.castlist")
    if fresh:
        again = [Command(FIND, Limits(seconds=120), allowed=(0,)), Command(CSV, allowed=(0,))]
        return Case(f"find, {what}", [Command(FIND, limits), *again], lambda ended: same_csv(box, ended[-1]))
    words = rng.choice(
        (
            ["decide", "film.castlist", "not-a-face", "0"],
            ["find", "film.mp4", "-q"],
            ["info", "film.castlist"],
            ["explain", "film.castlist", "0", "1"],
            ["export", "film.castlist"],
        )
    )
    again = [
        Command(["find", "film.mp4", "-q"], Limits(seconds=120), allowed=(0,)),
        Command(["decide", "film.castlist", "list"], Limits(seconds=60), allowed=(0,)),
    ]

    def after(ended: list[Ended]) -> str:
        confirmed = ended[0].out.count(b"decision ") if words[0] == "decide" else 0
        return f"{confirmed} confirmed, fewer are kept" if _decisions(box.place) < confirmed else ""

    return Case(f"{words[0]}, {what}", [Command(words, limits), *again], after)


@kind("a full or read-only disk", 4)
def full(rng: random.Random, box: Box) -> Case:
    """A finished workspace can still be read, exported and explained."""
    if box.server.shim is None:
        return Case("no compiler here", [])
    error = rng.choice((errno.ENOSPC, errno.EROFS, errno.EDQUOT))
    which = WRITE | GROW | NAME | MAKE
    limits = Limits(seconds=60, fail=(which, 0, error, str(box.place)))
    commands = [
        ["info", "film.castlist"],
        ["info", "film.castlist", "--json"],
        ["export", "film.castlist", "--format", "json"],
        ["export", "film.castlist"],
        ["explain", "film.castlist", "0", "1", "-o", "-"],
        ["decide", "film.castlist", "list"],
    ]
    return Case(
        errno.errorcode[error], [Command(words, limits, allowed=(0,)) for words in rng.sample(commands, 3)]
    )


@kind("a film on a disk that cannot be read", 3)
def unreadable(rng: random.Random, box: Box) -> Case:
    """The disk is named, not the film, and the next run is whole."""
    if box.server.shim is None:
        return Case("no compiler here", [])
    error, reads = rng.choice((errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENODEV)), rng.randrange(10)
    limits = Limits(seconds=120, fail=(READ, reads, error, str(box.film)))
    again = [Command(FIND, Limits(seconds=120), allowed=(0,)), Command(CSV, allowed=(0,))]

    def after(ended: list[Ended]) -> str:
        told = ended[0].status == 0 or b"its disk or network drive reports an error" in ended[0].err
        return same_csv(box, ended[-1]) if told else "the disk's error is not told as that"

    return Case(f"{errno.errorcode[error]} from read {reads} on", [Command(FIND, limits), *again], after)


@kind("files that may not grow", 3)
def sizes(rng: random.Random, box: Box) -> Case:
    most = int(2 ** rng.uniform(8, 19))
    fresh = rng.random() < 0.5
    words = (
        FIND
        if fresh
        else rng.choice((["find", "film.mp4", "-q"], ["decide", "film.castlist", "not-a-face", "0"]))
    )
    commands = [Command(words, Limits(seconds=120, file=most))]
    if fresh:
        commands += [Command(FIND, Limits(seconds=120), allowed=(0,)), Command(CSV, allowed=(0,))]
        return Case(f"{most} bytes, {words[0]}", commands, lambda ended: same_csv(box, ended[-1]))
    return Case(f"{most} bytes, {words[0]}", [*commands, *looks(rng)])


@kind("too little memory", 4)
def memory(rng: random.Random, box: Box) -> Case:
    room = int(2 ** rng.uniform(20, 29.5))
    words = rng.choice(
        (
            ["find", "film.mp4", "-q"],
            FIND,
            ["info", "film.castlist"],
            ["explain", "film.castlist", "0", "1"],
            ["export", "film.castlist"],
        )
    )
    again = Command(["info", "film.castlist"], allowed=(0,))
    return Case(f"{room >> 20} MB for {words[0]}", [Command(words, Limits(seconds=120, memory=room)), again])
