"""Workspaces and a name -> a film of that person's appearances."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite
from numbers import Real
from pathlib import Path

from castlist.cast import Cast, Person
from castlist.decode import open_again
from castlist.errors import InputError
from castlist.progress import Watch, silent
from castlist.reel.choose import NEAR, Piece, parts_of, placed
from castlist.render import Film, check_target, joined
from castlist.store import Workspace

__all__ = ["Reel", "reel", "reel_of"]


Who = Sequence[Person | Sequence[Person]]  # all of these people; of an inner sequence, any one person


@dataclass(frozen=True, slots=True)
class Reel:
    """A film of one person's appearances."""

    output: Path
    casts: tuple[Cast, ...]  # of the films, in the order in which they are shown
    people: tuple[str, ...]
    pieces: tuple[Piece, ...]  # film by film, in time
    frames: int
    sound: tuple[str, ...]
    rates: tuple[Fraction, ...]  # frames a second of the films, each once

    @property
    def films(self) -> tuple[Path, ...]:
        return tuple(cast.video.path for cast in self.casts)

    @property
    def duration(self) -> Fraction:
        """Seconds."""
        return sum((piece.duration for piece in self.pieces), Fraction(0))


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
    """Write a film of the parts in which a person appears, one after another.

    Every frame is encoded again, so cuts are exact to the frame; sound fades in and out at each cut.

    Args:
        workspace: a `film.castlist` with a cast.
        output: a file to write; its suffix selects the container.
        person: a name of the cast.
        together: names of people who must appear together with this person.
        longest: seconds at most; the longest parts are taken.
        near: seconds; a cut so near to a shot boundary is made at the boundary.
        mute: leave the sound out.

    Raises:
        InputError: a name is unknown, these people never appear together, or the output has no known suffix.
        WorkspaceError: no cast has been found in the workspace, or it cannot be read.
        VideoError: the film cannot be read, or the output cannot be written.
    """
    with Workspace.open(Path(workspace), write=False) as opened:
        cast = opened.cast()
    with_them = [together] if isinstance(together, str) else together
    people = cast.named([person, *with_them])
    names = tuple(p.name for p in people)
    return reel_of([(cast, people)], output, names, longest=longest, near=near, mute=mute, watch=watch)


def reel_of(
    films: Sequence[tuple[Cast, Who]],
    output: str | os.PathLike[str],
    names: tuple[str, ...],
    *,
    longest: Fraction | float | None = None,
    near: Fraction | float = NEAR,
    mute: bool = False,
    watch: Watch = silent,
) -> Reel:
    """Write a film of the parts of several films, film after film; see `reel` and `castlist.render.joined`.

    Args:
        films: for each film, its cast and the people who are to appear.
        names: the names of these people, for all films.
    """
    target = Path(output)
    check_target([cast.video for cast, _ in films], target)
    for name, seconds in (("longest", longest), ("near", near)):
        if seconds is not None and not (isinstance(seconds, Real) and isfinite(seconds)):
            raise InputError(f"{name} is a number of seconds, got {seconds!r}")
    if longest is not None and not longest > 0:
        raise InputError(f"the longest reel must be longer than 0 seconds, got {longest}")
    parts = [(cast, parts_of(cast, people, Fraction(near))) for cast, people in films]
    parts = [(cast, pieces) for cast, pieces in parts if pieces]
    pieces = placed(parts, None if longest is None else Fraction(longest))
    if not pieces and parts:
        raise InputError(f"a reel of {longest} seconds is shorter than a picture of the film; give more")
    if not pieces:
        where = films[0][0].video.path.name if len(films) == 1 else "any of these films"
        together = "is never seen" if len(names) == 1 else "are never seen together"
        raise InputError(f"{' and '.join(names)} {together} in {where}")
    used = sorted({piece.film for piece in pieces})
    taken = [_film(parts[k][0], [(p.first, p.stop) for p in pieces if p.film == k]) for k in used]
    pieces = tuple(replace(piece, film=used.index(piece.film)) for piece in pieces)
    total = sum(p.stop - p.first for p in pieces)
    done = joined(taken, target, mute=mute, watch=lambda frames: watch("render", frames, max(total, frames)))
    casts = tuple(parts[k][0] for k in used)
    rates = tuple(dict.fromkeys(film.video.frame_rate for film in taken))
    return Reel(target, casts, names, pieces, done.frames, done.sound, rates)


def _film(cast: Cast, spans: list[tuple[int, int]]) -> Film:
    return Film(open_again(cast.video), cast.clock, spans)
