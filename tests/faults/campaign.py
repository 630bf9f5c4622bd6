"""The campaign: cases of many kinds, each from a seed, run through the real command line and judged.

    python -m tests.faults --minutes 60 --seed 7

A case holds where every command ends in time, with a status that is allowed, at most one short sentence, no
traceback, nothing that steers a terminal, and nothing changed outside the workspace.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from tests.faults.server import Ended, Limits, Server

__all__ = ["KINDS", "Box", "Case", "Command", "Kind", "Tally", "campaign", "kind", "prepare", "table"]

PLENTY = Limits()
LONGEST = 800  # characters of a sentence
MEMORY = 3 << 30  # bytes
STEERING = {*range(9), 11, 12, *range(14, 32), 127} - {9, 10, 13}
OWN = (
    "film.castlist",
    "other.castlist",
    "new.castlist",
    "season",
    "new",
    "__pycache__",
    "out",
)  # what castlist may change
USAGE = (b"Usage:", b"Try ", b"\n")


@dataclass(frozen=True)
class Command:
    """A command line and how it may end."""

    words: list[str]
    limits: Limits = PLENTY
    allowed: tuple[int, ...] = (0, 2)
    lines: int = 1  # of stderr, at most


@dataclass
class Case:
    """What is done to a box, and what is run then."""

    name: str
    commands: list[Command]
    after: Callable[[list[Ended]], str] = lambda ended: ""  # what is wrong afterwards, "" for nothing


class Box:
    """A folder for one case: a film, its workspace, and files of the user that must stay untouched."""

    def __init__(self, folder: Path, template: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        shutil.copytree(template, folder, symlinks=True)
        self.film, self.place, self.mine = folder / "film.mp4", folder / "film.castlist", folder / "mine"
        self.mine.mkdir()
        for name in ("letter.txt", "holiday.jpg", "thesis.npy", f"{'0' * 32}.jpg", f"{'0' * 16}-000000.npy"):
            (self.mine / name).write_bytes(b"precious " * 50)
        (self.mine / "inner").mkdir()
        (self.mine / "inner" / f"{'1' * 32}.jpg").write_bytes(b"precious")
        (folder / "evil_mod.py").write_text(f"open({str(folder / 'pwned')!r}, 'w')\nclass C: pass\n")
        self.before = self.look()

    def look(self) -> dict[str, str]:
        """Everything outside the workspace."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            inside = path.relative_to(self.folder)
            if inside.parts[0] in OWN:
                continue
            found[str(inside)] = "a folder" if path.is_dir() else sha256(path.read_bytes()).hexdigest()
        return found

    def run(self, command: Command) -> Ended:
        return self.server.run(command.words, self.folder, command.limits)


Maker = Callable[[random.Random, Box], Case]


@dataclass(frozen=True)
class Kind:
    """A kind of fault: what makes a case of it, and how many run for each one of the others."""

    name: str
    make: Maker
    weight: int = 4


KINDS: dict[str, Kind] = {}


def kind(name: str, weight: int = 4) -> Callable[[Maker], Maker]:
    """Note a kind of fault."""

    def note(make: Maker) -> Maker:
        KINDS[name] = Kind(name, make, weight)
        return make

    return note


@dataclass
class Tally:
    """What came of the cases of one kind."""

    tried: int = 0
    failed: list[str] = field(default_factory=list)
    slowest: float = 0.0
    largest: int = 0
    statuses: Counter[int] = field(default_factory=Counter)


def prepare(folder: Path) -> Path:
    """A template: a drawn film of two people, its workspace and a library, by the castlist under test."""
    from castlist.drawn import Actor, Scene, Script, people, render

    template = folder / "template"
    template.mkdir(parents=True)
    scenes = (
        Scene(0.8, (Actor(0, 0.3, 0.45, 0.42), Actor(1, 0.7, 0.45, 0.42))),
        Scene(0.6, (Actor(0, 0.5, 0.45, 0.5),), "kitchen"),
    )
    render(Script("template", people(2), scenes, width=320, height=180), template / "film.mp4")
    render(Script("template", people(2), scenes[:1], width=320, height=180), template / "other.mp4")
    for words in (
        ["find", "film.mp4", "-q"],
        ["find", "other.mp4", "-q"],
        ["library", "add", "season", "film.castlist", "-q"],
    ):
        subprocess.run(
            [sys.executable, "-m", "castlist", *words], cwd=template, check=True, capture_output=True
        )
    return template


def campaign(
    folder: Path,
    *,
    seed: int,
    minutes: float = 0.0,
    rounds: int = 0,
    kinds: list[str] | None = None,
    first: int = 0,
) -> Iterator[tuple[str, int, str, str, list[Ended]]]:
    """Run cases until the time is over or all rounds are: kind, number, what is wrong, its name, its ends."""
    end = time.monotonic() + 60 * minutes
    template = prepare(folder)
    server = Server(folder)
    try:
        for number in range(first, first + (rounds or 10**9)):
            for name in kinds or KINDS:
                for part in range(KINDS[name].weight):
                    if minutes and time.monotonic() > end:
                        return
                    index = number * KINDS[name].weight + part
                    yield name, index, *one(KINDS[name], index, seed, folder, template, server)
    finally:
        server.close()


def one(
    which: Kind, number: int, seed: int, folder: Path, template: Path, server: Server
) -> tuple[str, str, list[Ended]]:
    """Make and run one case: what is wrong with how it ended, "" for nothing; what it was; how it ended."""
    rng = random.Random(f"{seed} {which.name} {number}")
    box = Box(folder / "box", template, server)
    try:
        case = which.make(rng, box)
        before = box.before | {name: digest for name, digest in box.look().items() if name not in box.before}
        ended = [box.run(command) for command in case.commands]
        wrong = [w for c, e in zip(case.commands, ended, strict=True) if (w := judged(c, e))]
        wrong += [w for w in (case.after(ended), _changed(before, box.look())) if w]
        return (f"{case.name}: {'; '.join(wrong)}" if wrong else ""), case.name, ended
    finally:
        shutil.rmtree(box.folder, ignore_errors=True)


def _changed(before: dict[str, str], after: dict[str, str]) -> str:
    names = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    return f"changed outside the workspace: {', '.join(names)[:200]}" if names else ""


def judged(command: Command, ended: Ended) -> str:
    """What is wrong with how a command ended, "" for nothing."""
    what = " ".join(command.words)[:100]
    if ended.hung:
        return f"{what}: hung for {command.limits.seconds:.0f} s"
    if b"Traceback" in ended.err or ended.status == 70:
        return f"{what}: traceback {_last(ended.err)}"
    if ended.status not in command.allowed:
        return f"{what}: status {ended.status} {_last(ended.err)}"
    said = [line for line in ended.err.splitlines() if line.strip() and not line.startswith(USAGE)]
    if ended.status and (len(said) > command.lines or any(len(line) > LONGEST for line in said)):
        return f"{what}: {len(said)} lines, {max(map(len, said), default=0)} characters"
    if ended.status == 2 and not said and not ended.out.strip():  # of several films, one that fails is a row
        return f"{what}: status 2 without a word"
    if STEERING & set(ended.err) or ("csv" not in command.words and STEERING & set(ended.out)):
        return f"{what}: control characters on the terminal"
    if ended.memory > MEMORY:
        return f"{what}: {ended.memory >> 20} MB"
    return ""


def _last(err: bytes) -> str:
    lines = [line for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:160] if lines else ""


def table(tallies: dict[str, Tally]) -> str:
    """The counts as Markdown."""
    lines = ["| kind | tried | held | failed | slowest | what failed |", "|---|---|---|---|---|---|"]
    for name, t in tallies.items():
        what = "; ".join(t.failed[:3])[:300].replace("|", "/")
        held = t.tried - len(t.failed)
        lines.append(f"| {name} | {t.tried} | {held} | {len(t.failed)} | {t.slowest:.1f} s | {what} |")
    tried, failed = sum(t.tried for t in tallies.values()), sum(len(t.failed) for t in tallies.values())
    return "\n".join([*lines, f"| all | {tried} | {tried - failed} | {failed} | | |"])
