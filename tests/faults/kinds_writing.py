"""Every command that writes, while the disk fails or is full, or the command is killed; then run again."""

from __future__ import annotations

import errno
import random
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.faults.campaign import Box, Case, Command, judged, kind
from tests.faults.kinds_system import GROW, MAKE, NAME, READ, SYNC, WRITE
from tests.faults.server import Ended, Limits

REMOVE = 256
SOMEBODY = "Zenobia Quux"
FILM, LIB = "film.castlist", "season"
OUTPUTS = (
    ["export", FILM, "-o", "out/cast.csv"],
    ["export", FILM, "-o", "out/cast.json"],
    ["export", FILM, "-o", "out/cast.edl"],
    ["export", FILM, "-o", "out/cast.otio"],
    ["export", FILM, "-o", "out/cast.fcpxml"],
    ["report", FILM, "-q", "-o", "out/report.html"],
    ["report", FILM, "-q"],
    ["sheet", FILM, "-o", "out/sheet.html"],
    ["sheet", FILM, "p1", "-o", "out/one.html"],
    ["sheet", FILM, "--posters", "out/posters", "--xmp"],
    ["features", FILM, "-o", "out/film.npz"],
    ["refine", "mine/some.npz", "--method", "second-order", "-o", "out/refined.npz"],
    ["explain", FILM, "0", "1", "-o", "out/why.html"],
    ["library", "export", LIB, "out/parquet"],
    ["redact", FILM, "--keep", "p1", "-q", "-o", "out/public.mp4"],
    ["reel", FILM, "p1", "-q", "-o", "out/reel.mp4", "--list", "out/reel.edl"],
)
CHANGES = (
    ["decide", FILM, "name", "p1", "Ann", "+", "not-a-face", "0"],
    ["propose", FILM, "mine/names.csv"],
    ["library", "add", LIB, "other.castlist", "-q"],
    ["library", "add", "new", FILM, "other.castlist", "-q"],
    ["library", "name", LIB, SOMEBODY, "Zoe"],
    ["library", "remove", LIB, "film.mp4"],
    ["library", "undo", LIB],
    ["library", "rebuild", LIB],
    ["library", "update", LIB],
    ["library", "index", LIB],
)
VARYING = ".redaction.json"  # holds the time at which it was made


def disturbed(rng: random.Random, box: Box, seconds: float) -> tuple[str, Limits, tuple[int, ...]]:
    """A failing disk, a full one, or a kill."""
    what = rng.choice(("calls", "calls", "calls", "full", "kill", "kill"))
    if what == "kill" or box.server.shim is None:
        when = rng.uniform(0, seconds)
        return f"killed at {when:.2f} s", Limits(seconds=120, signal=(signal.SIGKILL, when)), (0, 1, 2, -9)
    if what == "full":
        most = int(2 ** rng.uniform(4, 20))
        return f"no file beyond {most} bytes", Limits(seconds=120, file=most), (0, 1, 2)
    names = {WRITE: "write", SYNC: "fsync", GROW: "truncate", NAME: "rename", MAKE: "create", READ: "read",
             REMOVE: "remove", WRITE | GROW | MAKE | NAME | REMOVE: "everything"}  # fmt: skip
    which = rng.choice(list(names))
    error = rng.choice((errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.EACCES))
    error = errno.EIO if which in (SYNC, READ) else error
    after = rng.choice((0, 0, 1, 2, 3, 4, 5, 8, 13, 21, 40, 80))
    limits = Limits(seconds=120, fail=(which, after, error, str(box.folder)))
    return f"{names[which]} {errno.errorcode[error]} from call {after} on", limits, (0, 1, 2)


def ready(box: Box) -> None:
    """A named person, files to read, and files that are in the way of what is written."""
    for words in (["decide", FILM, "name", "p1", SOMEBODY], ["library", "update", LIB]):
        ended = box.run(Command(words, Limits(seconds=60)))
        assert ended.status == 0, ended.err
    (box.mine / "names.csv").write_text("time,name\n0:00.4,Bea\n")
    (box.folder / "out").mkdir()


def kept(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def again(box: Box, words: list[str], allowed: tuple[int, ...] = (0,)) -> str:
    """What is wrong with running a command undisturbed."""
    command = Command(words, Limits(seconds=120), allowed=allowed, lines=4)
    return judged(command, box.run(command))


def sound(box: Box) -> str:
    """What is wrong with workspace and library."""
    commands = (["info", FILM], ["library", "people", LIB], ["decide", FILM, "list"])
    # A film may have changed since it was added, which a check says.
    return next((wrong for words in commands if (wrong := again(box, words))), "") or again(
        box, ["library", "check", LIB], (0, 2)
    )


@kind("files that are written to a failing disk", 6)
def outputs(rng: random.Random, box: Box) -> Case:
    """A file is written whole or not at all, and where it is not, the command says so."""
    ready(box)
    words = rng.choice(OUTPUTS)
    if words[0] == "refine":
        again(box, ["features", FILM, "-o", "mine/some.npz"])
        box.before = box.look()
    out = box.folder / "out"
    what, limits, allowed = disturbed(rng, box, 6.0 if words[0] in ("redact", "reel") else 1.5)
    first = words[words.index("-o") + 1] if "-o" in words else ""
    if first and rng.random() < 0.5:
        (box.folder / first).write_bytes(b"precious")

    def after(ended: list[Ended]) -> str:
        found = kept(out)
        wrong = again(box, words)
        whole = kept(out)
        if ended[0].status == 0 and found.keys() != whole.keys():
            wrong = wrong or f"status 0, and {sorted(found)} instead of {sorted(whole)}"
        killed = ended[0].status == -signal.SIGKILL
        for name, data in found.items():
            if killed and ".part" in name:  # the next command for the same file removes it
                wrong = wrong or (f"{name} is left behind" if name in whole else "")
            elif name not in whole:
                wrong = wrong or f"{name} is left behind"
            elif len(data) != len(whole[name]) and data != b"precious" and not name.endswith(VARYING):
                wrong = wrong or f"{name} has {len(data)} bytes instead of {len(whole[name])}"
            elif ended[0].status == 0 and data == b"precious":
                wrong = wrong or f"status 0, and {name} is not written"
        return wrong or sound(box)

    return Case(f"{' '.join(words)}: {what}", [Command(words, limits, allowed=allowed, lines=4)], after)


@kind("changes on a failing disk", 8)
def changes(rng: random.Random, box: Box) -> Case:
    """What was confirmed is there, the same command can be given again, and everything can be read."""
    ready(box)
    words = rng.choice(CHANGES)
    if words[1] == "undo":
        again(box, ["library", "name", LIB, SOMEBODY, "Zara"])
    what, limits, allowed = disturbed(rng, box, 1.0)
    secret = _decisions(box)

    def after(ended: list[Ended]) -> str:
        wrong = sound(box)
        lost = [row for row in secret if row not in _decisions(box)]
        if lost:
            wrong = wrong or f"decisions are lost: {lost}"
        if ended[0].status == 0 and words[1] == "name" and "Zoe" not in str(_names(box)):
            wrong = wrong or "status 0, and the name is not there"
        return wrong or again(box, words, (0, 2)) or sound(box)

    return Case(f"{' '.join(words)}: {what}", [Command(words, limits, allowed=allowed, lines=4)], after)


def _decisions(box: Box) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(box.place / "cast.db")) as db:
        return db.execute("SELECT id, kind, value FROM decisions").fetchall()


def _names(box: Box) -> list[str]:
    with closing(sqlite3.connect(box.folder / LIB / "catalogue.db")) as db:
        return [name for (name,) in db.execute("SELECT name FROM person")]


@kind("people erased on a failing disk", 6)
def erased(rng: random.Random, box: Box) -> Case:
    """The same command finishes it: not a byte of the person is left, and the others stay."""
    ready(box)
    for words in (["report", FILM, "-q"], ["library", "add", LIB, "other.castlist", "-q"]):
        again(box, words)
    with closing(sqlite3.connect(box.folder / LIB / "catalogue.db")) as db:
        (who,) = db.execute("SELECT id FROM person WHERE name = ?", (SOMEBODY,)).fetchone()
        pictures = {i for (i,) in db.execute("SELECT image FROM prototypes WHERE person_id = ?", (who,))}
        vectors = [
            bytes(v) for (v,) in db.execute("SELECT vector FROM prototypes WHERE person_id = ?", (who,))
        ]
        others = {i for (i,) in db.execute("SELECT id FROM person WHERE id <> ?", (who,))}
    words = ["library", "forget", LIB, who, "--yes"]
    disturbances = [disturbed(rng, box, 1.5) for _ in range(rng.choice((1, 1, 2, 3)))]
    commands = [Command(words, limits, allowed=allowed, lines=4) for _, limits, allowed in disturbances]

    def after(ended: list[Ended]) -> str:
        wrong = again(box, words) or sound(box)
        files = {**kept(box.place), **kept(box.folder / "other.castlist"), **kept(box.folder / LIB)}
        for name, data in files.items():
            if SOMEBODY.encode() in data or SOMEBODY.casefold().encode() in data.lower():
                wrong = wrong or f"the name is left in {name}"
            if any(v and v in data for v in vectors):
                wrong = wrong or f"a vector is left in {name}"
        left = [
            p for p in pictures if p and any((box.folder / f / p).exists() for f in (FILM, "other.castlist"))
        ]
        if left:
            wrong = wrong or f"the picture {left[0]} is left"
        with closing(sqlite3.connect(box.folder / LIB / "catalogue.db")) as db:
            now = {i for (i,) in db.execute("SELECT id FROM person")}
        if others != now:
            wrong = wrong or f"{len(others - now)} others are gone, {len(now - others)} are new"
        return wrong

    return Case(f"forget: {'; '.join(what for what, *_ in disturbances)}", commands, after)
