"""Workspace -> a film in which only some people are visible: dense pass, plan, rendering, proof."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from castlist._version import __version__
from castlist.argument_types import typed_arguments
from castlist.cast import Cast, Person
from castlist.decisions import apply
from castlist.decisions.people import DECIDED_NO_FACE
from castlist.decode import open_again
from castlist.decode.files import unreadable
from castlist.errors import InputError, RecipeError, WorkspaceError
from castlist.models import MODELS
from castlist.progress import Watch, silent
from castlist.recipe import Recipe
from castlist.redact.dense import DenseSearch, dense, followed
from castlist.redact.plan import Hide, Plan, planned
from castlist.redact.proof import Leak, Proof, prove
from castlist.render import CoverStyle, check_target, render
from castlist.shell_words import shell_path
from castlist.store import Workspace
from castlist.types import Clock, Detections, Json, Machine, Tracks

__all__ = ["Redaction", "UnsureTrack", "check", "redact"]

ROUNDS = 3  # times that a film is written at most: faces found by a proof are covered in the next round
MARGINS = Hide()
# Probability of its person from which a track that shows too little of a face stays open, unless a reviewer
# decided about it.
SURE = 0.9
DENSE = "dense"  # name of the dense pass among the workspace's results


@dataclass(frozen=True, slots=True)
class UnsureTrack:
    """A track of a visible person that is covered, since it may show another person."""

    person: str  # name of the person that castlist assigned the track to
    track: int
    start: Fraction  # seconds
    stop: Fraction
    probability: float  # that it shows this person


@dataclass(frozen=True, slots=True)
class Redaction:
    """A redacted film: what was done, and the result of the proof."""

    output: Path
    film: Path
    film_sha256: str
    output_sha256: str
    kept: tuple[str, ...]  # names of the visible people
    style: CoverStyle | str
    sound: tuple[str, ...]  # for each sound track, as in "aac, copied"; empty if muted
    codec: str
    frames: int
    hidden_faces: int  # covered faces, counted in each frame
    whole_frames: int  # frames covered completely
    rounds: int  # times that the film was written
    leaks: tuple[Leak, ...]  # faces still visible: none if the proof succeeded
    # Detections at the edges of covers, where the film shows no face.
    beside: tuple[Leak, ...]
    hide: Hide
    detector: str
    detector_sha256: str
    unsure: tuple[UnsureTrack, ...] = ()  # covered, though they may show visible people

    @property
    def proved(self) -> bool:
        """Whether the proof found no faces in the output except those left open."""
        return not self.leaks

    @property
    def sentence(self) -> str:
        """What was done, as a sentence."""
        names = ", ".join(self.kept)
        if self.proved:
            visible = f"only {names} can be seen" if names else "nobody can be seen"
            found = "nobody else" if names else "nobody"
            return (
                f"{self.output.name}: {visible}. A second search of every frame ({self.frames}) found "
                f"{found}.{self._of_unsure} Watch the whole film yourself before you share it."
            )
        other = f" that are not of {names}" if names else ""
        return (
            f"{self.output.name} is NOT safe to share: a second search found {len(self.leaks)} faces"
            f"{other}. Say in castlist review whose faces these are, or that they are not faces, "
            f"and run the same command again.{self._of_unsure}"
        )

    @property
    def _of_unsure(self) -> str:
        if not self.unsure:
            return ""
        names = ", ".join(dict.fromkeys(each.person for each in self.unsure))
        count = len(self.unsure)
        tracks = "1 track that probably shows" if count == 1 else f"{count} tracks that probably show"
        return f" {tracks} {names} {'is' if count == 1 else 'are'} hidden too, because castlist is not sure."

    def document(self) -> dict[str, Json]:
        """All fields as plain values, for JSON; times in seconds."""
        leaks, beside = (
            [asdict(each) | {"start": float(each.start), "stop": float(each.stop)} for each in found]
            for found in (self.leaks, self.beside)
        )
        return {
            "castlist": __version__,
            "sentence": self.sentence,
            "proved": self.proved,
            "film": {"name": self.film.name, "sha256": self.film_sha256},
            "output": {"name": self.output.name, "sha256": self.output_sha256, "frames": self.frames},
            "kept": list(self.kept),
            "everybody_else": "hidden",
            "hidden": {"faces": self.hidden_faces, "whole_frames": self.whole_frames, "style": self.style},
            "hidden_as_unsure": [
                asdict(each) | {"start": float(each.start), "stop": float(each.stop)} for each in self.unsure
            ],
            "margins": asdict(self.hide),
            "picture": {"codec": self.codec},
            "sound": list(self.sound),
            "left_out": [
                "metadata",
                "chapters",
                "subtitles",
                "captions",
                "attached pictures",
                "data streams",
            ],
            "detector": {"name": self.detector, "sha256": self.detector_sha256},
            "proof": {"rounds": self.rounds, "leaks": leaks, "edges_of_covers": beside},
        }


@typed_arguments
def redact(
    workspace: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    keep: Sequence[str] = (),
    hide: Sequence[str] = (),
    hide_all: bool = False,
    style: CoverStyle | str = CoverStyle.SOLID,
    mute: bool = False,
    margins: Hide = MARGINS,
    rounds: int = ROUNDS,
    machine: Machine = Machine(),
    watch: Watch = silent,
) -> Redaction:
    """Write a film in which only some people are visible.

    castlist covers every face that it cannot assign with certainty to a visible person. It then searches the
    written film as closely as the original; faces found there are covered in a further round, and those left
    after the last round are listed in `Redaction.leaks`.

    Args:
        workspace: a `film.castlist` with a cast that a user has reviewed.
        output: a file to write; its suffix selects the container.
        keep: names of the visible people; or
        hide: names of the covered people, if all others of the cast are visible; or
        hide_all: cover all people.
        style: "solid", "blur" or "pixels"; solid hides most.
        mute: leave the sound out.
        margins: size and duration of the covers, and what happens when a face is lost.
        rounds: how often the film is written at most.

    Raises:
        InputError: none or several of `keep`, `hide` and `hide_all` are given, a name is unknown, or the
            output has no known suffix.
        WorkspaceError: no cast has been found in the workspace, or it cannot be read.
        VideoError: the film cannot be read to its end, or the output cannot be written.
    """
    target = Path(output)
    with Workspace.open(Path(workspace), write=False) as opened:
        check_target([opened.cast().video], target)
    job = _Job.of(Path(workspace), _Named(keep, hide, hide_all), style, margins, machine, watch)
    more: list[Tracks] = []
    for turn in range(1, max(1, rounds) + 1):
        again = "" if turn == 1 else " again"
        plan = job.plan(more)
        written = render(
            job.cast.video, job.cast.clock, target, covers=plan.covers, style=style, mute=mute,
            watch=_staged(watch, f"render{again}", job.cast),
        )  # fmt: skip
        proof = job.proof(target, plan, f"prove{again}")
        if not proof.leaks:
            break
        more.append(proof.faces)
    return job.redaction(target, plan, proof, written.sound, written.codec, turn)


def check(
    workspace: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    keep: Sequence[str] = (),
    hide: Sequence[str] = (),
    hide_all: bool = False,
    style: CoverStyle | str = CoverStyle.SOLID,
    margins: Hide = MARGINS,
    machine: Machine = Machine(),
    watch: Watch = silent,
) -> Redaction:
    """Only the proof, of a film that was redacted before, by castlist or by another program.

    Nothing is written. The film must have the frames of the workspace's film, at the same times. Arguments
    and errors are those of `redact`.
    """
    job = _Job.of(Path(workspace), _Named(keep, hide, hide_all), style, margins, machine, watch)
    plan = job.plan([])
    return job.redaction(Path(output), plan, job.proof(Path(output), plan, "prove"), (), "", 0)


class _Named(NamedTuple):
    """The people to show or to hide, as the caller names them."""

    keep: Sequence[str]
    hide: Sequence[str]
    hide_all: bool


@dataclass(frozen=True, eq=False, slots=True)
class _Job:
    """All inputs of a plan and a proof."""

    cast: Cast
    people: tuple[Person, ...]  # visible people
    unsure: tuple[UnsureTrack, ...]  # tracks of these people that are covered
    faces: Tracks  # of the dense pass
    search: DenseSearch
    style: CoverStyle | str
    margins: Hide
    machine: Machine
    watch: Watch

    @classmethod
    def of(
        cls, path: Path, people: _Named, style: CoverStyle | str, margins: Hide,
        machine: Machine, watch: Watch,
    ) -> Self:  # fmt: skip
        """Read the workspace, and do the dense pass; raises as `redact` does."""
        with Workspace.open(path, write=False) as workspace:
            cast, search = workspace.cast(), _search(workspace)
            visible = tuple(_to_be_seen(cast, people))
            unsure = _unsure(workspace, cast, visible)
        open_again(cast.video)
        clock, found = _dense(path, cast, search, machine, watch)
        if [clock.time(f) for f in range(len(clock))] != [cast.clock.time(f) for f in range(len(cast.clock))]:
            raise WorkspaceError(
                f"{path}: was written by another version of castlist; run castlist find on the film again"
            )
        return cls(
            cast, visible, unsure, followed(found, cast.shots, clock), search, style, margins, machine, watch
        )

    def plan(self, more: Sequence[Tracks]) -> Plan:
        """The covers, including those of faces that earlier proofs found."""
        hidden = {each.track for each in self.unsure}
        shown = [t for p in self.people for t in p.tracks if t not in hidden]
        open_tracks = np.isin(np.arange(len(self.cast.tracks)), shown)
        no_face = np.array([reason == DECIDED_NO_FACE for reason in self.cast.reason], bool)
        return planned(self.cast, self.faces, open_tracks, no_face, self.margins, more)

    def proof(self, output: Path, plan: Plan, stage: str) -> Proof:
        """The proof of the output."""
        return prove(
            output, self.cast.clock, self.cast.shots, plan, self.faces,
            search=self.search, machine=self.machine, watch=_staged(self.watch, stage, self.cast),
        )  # fmt: skip

    def redaction(
        self, output: Path, plan: Plan, proof: Proof, sound: tuple[str, ...], codec: str, rounds: int
    ) -> Redaction:
        """The report of the finished film."""
        model, film = MODELS[self.search.detector.model], self.cast.video.path
        return Redaction(
            output=output, film=film, film_sha256=_sha256(film), output_sha256=_sha256(output),
            kept=tuple(p.name for p in self.people), style=self.style, sound=sound, codec=codec,
            frames=len(self.cast.clock), hidden_faces=plan.hidden, whole_frames=plan.lost, rounds=rounds,
            leaks=proof.leaks, beside=proof.beside, hide=self.margins, detector=model.name,
            detector_sha256=model.sha256, unsure=self.unsure,
        )  # fmt: skip


def _staged(watch: Watch, stage: str, cast: Cast) -> Callable[[int], None]:
    return lambda done: watch(stage, done, max(done, len(cast.clock)))


def _search(workspace: Workspace) -> DenseSearch:
    """The settings of the dense pass, with the detector that found the cast."""
    runs = [run for run in workspace.runs() if run.finished]
    with suppress(RecipeError):
        detector = Recipe.stored(runs[-1].recipe).detect if runs else None
        if detector is not None and hasattr(detector, "min_score") and detector.model in MODELS:
            return DenseSearch(detector)
    return DenseSearch()


def _dense(
    path: Path, cast: Cast, search: DenseSearch, machine: Machine, watch: Watch
) -> tuple[Clock, Detections]:
    """The dense pass over a film: stored earlier, or done now and stored."""
    key = f"{search!r} {cast.video.digest}"
    with suppress(WorkspaceError), Workspace.open(path, write=False) as workspace:
        found = workspace.get(DENSE, key, Detections)
        clock = workspace.get(f"{DENSE} clock", key, Clock)
        if found is not None and clock is not None:
            watch("dense", len(clock), len(clock))
            return clock, found
    clock, found = dense(cast.video, search, machine=machine, watch=_staged(watch, "dense", cast))
    with (
        suppress(WorkspaceError),
        Workspace.open(path) as workspace,
    ):  # not stored while another process writes to the workspace
        workspace.put(DENSE, key, found)
        workspace.put(f"{DENSE} clock", key, clock)
    return clock, found


def _to_be_seen(cast: Cast, people: _Named) -> list[Person]:
    """The visible people.

    Raises:
        InputError: no person is named, or a name is unknown.
    """
    if [bool(people.keep), bool(people.hide), people.hide_all].count(True) != 1:
        raise InputError(
            "say either who stays visible (--keep Anna,Bob), or who is hidden (--hide Carl), or that "
            "everybody is hidden (--hide-all)"
        )
    if people.hide_all:
        return []
    named = cast.named(people.keep or people.hide)
    if people.keep:
        return named
    return [person for person in cast.people if person not in named]


def _unsure(workspace: Workspace, cast: Cast, people: Sequence[Person]) -> tuple[UnsureTrack, ...]:
    """The tracks of these people that castlist is unsure of and that no reviewer decided about.

    Raises:
        WorkspaceError: the workspace has no probabilities for its tracks.
    """
    base = workspace.machine()
    if not people or not len(cast.tracks):
        return ()
    if base is None or len(base.sureness) != len(cast.tracks):
        raise WorkspaceError(
            f"{workspace.path}: does not say how sure castlist is of each face: it is of an earlier version, "
            f"or a person was erased from it; run castlist find {shell_path(str(cast.video.path))} --out "
            f"{shell_path(str(workspace.path))} first, which keeps all decisions"
        )
    decided = apply(base, cast.video, workspace.decisions.all()).labelled
    doubtful = (base.sureness < SURE) & ~decided
    return tuple(
        UnsureTrack(
            person.name, track, cast.clock.time(int(cast.tracks.first[track])),
            cast.clock.time(int(cast.tracks.last[track]) + 1), round(float(base.sureness[track]), 4),
        )
        for person in people for track in person.tracks if doubtful[track]
    )  # fmt: skip


def _sha256(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error
