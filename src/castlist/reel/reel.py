"""Workspace and a name -> a film of that person's appearances."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import StringIO
from pathlib import Path

from castlist.decode import open_video
from castlist.errors import InputError, VideoError
from castlist.progress import Watch, silent
from castlist.reel.choose import NEAR, Piece, chosen
from castlist.render import container_of, cut
from castlist.store import Workspace

__all__ = ["Reel", "reel"]


@dataclass(frozen=True, slots=True)
class Reel:
    """A film of somebody's appearances."""

    output: Path
    film: Path
    people: tuple[str, ...]
    pieces: tuple[Piece, ...]
    frames: int
    sound: tuple[str, ...]

    @property
    def duration(self) -> Fraction:
        """Seconds."""
        return sum((piece.duration for piece in self.pieces), Fraction(0))

    def csv(self) -> str:
        """The cuts as a table: where each part lies in the reel and in the film, in seconds and frames."""
        text = StringIO(newline="")
        table = csv.writer(text)
        table.writerow(["part", "reel_in", "reel_out", "film_in", "film_out", "first_frame", "stop_frame"])
        for number, piece in enumerate(self.pieces, 1):
            times = (piece.reel_start, piece.reel_start + piece.duration, piece.start, piece.end)
            table.writerow([number, *(f"{float(t):.6f}" for t in times), piece.first, piece.stop])
        return text.getvalue()


def reel(
    workspace: str | os.PathLike[str],
    output: str | os.PathLike[str],
    person: str,
    *,
    together: Sequence[str] = (),
    longest: Fraction | float | None = None,
    near: Fraction | float = NEAR,
    mute: bool = False,
    watch: Watch = silent,
) -> Reel:
    """Write a film of the parts in which somebody appears, one after another.

    Every frame is encoded anew and the cuts are exact to the frame; sound fades in and out at each.

    Args:
        workspace: a `film.castlist` in which a cast was found.
        output: a file to write; its suffix says which container.
        person: a name of the cast.
        together: names of people who must appear with that person.
        longest: seconds at most; the longest parts are taken.
        near: seconds to a shot border within which the cut is made there.
        mute: leave the sound out.

    Raises:
        InputError: a name is unknown, these people never appear together, or the output has no known suffix.
        WorkspaceError: no cast has been found in the workspace, or it cannot be read.
        VideoError: the film cannot be read, or the output cannot be written.
    """
    target = Path(output)
    container_of(target)
    if longest is not None and not longest > 0:
        raise InputError(f"the reel must be longer than 0 seconds, got {longest}")
    with Workspace.open(Path(workspace), write=False) as keep:
        cast = keep.cast()
    people = cast.named([person, *together])
    video = open_video(cast.video.path)
    if video.digest != cast.video.digest:
        raise VideoError(f"{video.path} is another film than the one whose cast was found")
    limit = None if longest is None else Fraction(longest)
    pieces = chosen(cast, people, longest=limit, near=Fraction(near))
    names = tuple(p.name for p in people)
    if not pieces:
        raise InputError(f"{' and '.join(names)} are never seen together in {video.path.name}")
    total = sum(p.stop - p.first for p in pieces)
    done = cut(
        video, cast.clock, target, [(p.first, p.stop) for p in pieces], mute=mute,
        watch=lambda frames: watch("render", frames, max(total, frames)),
    )  # fmt: skip
    return Reel(target, video.path, names, pieces, done.frames, done.sound)
