"""Casts -> the parts of films that show a person: appearances, cut at shot boundaries where possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast, Person

__all__ = ["NEAR", "Piece", "chosen_pieces", "parts_of", "placed"]

NEAR = Fraction(1, 2)  # seconds; a cut so near to a shot boundary is made at the boundary


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a film, and its place in the reel; times in seconds."""

    first: int  # frame of the film
    stop: int  # frame after the last
    start: Fraction  # in the film
    end: Fraction
    reel_start: Fraction = Fraction(0)
    film: int = 0  # index of the film in the reel

    @property
    def duration(self) -> Fraction:
        return self.end - self.start


def chosen_pieces(
    cast: Cast,
    people: Sequence[Person | Sequence[Person]],
    *,
    longest: Fraction | None = None,
    near: Fraction = NEAR,
) -> tuple[Piece, ...]:
    """The parts of a film in which all of these people appear, in order, without overlap.

    Args:
        people: at least one; of several, the parts in which all of them appear. A sequence of people counts
            as one person.
        longest: seconds of all parts together at most; the longest parts come first, and the last part that
            does not fit is shortened.
        near: seconds; a cut so near to a shot boundary is made at the boundary.
    """
    return placed([(cast, parts_of(cast, people, near))], longest)


def parts_of(
    cast: Cast, people: Sequence[Person | Sequence[Person]], near: Fraction = NEAR
) -> tuple[Piece, ...]:
    """The parts of one film, without their place in a reel; see `chosen_pieces`."""
    first, *others = [_frames(cast, [person] if isinstance(person, Person) else person) for person in people]
    for other in others:
        first = _overlaps(first, other)
    return tuple(_joined(cast, [_piece(cast, *_snapped(cast, *span, near)) for span in first]))


def placed(
    films: Sequence[tuple[Cast, Sequence[Piece]]], longest: Fraction | None = None
) -> tuple[Piece, ...]:
    """The parts of several films, film after film, each with its place in the reel; see `chosen_pieces`."""
    casts = [cast for cast, _ in films]
    pieces = [replace(piece, film=k) for k, (_, parts) in enumerate(films) for piece in parts]
    if longest is not None:
        pieces = _within(casts, pieces, longest)
    found, at = [], Fraction(0)
    for piece in pieces:
        found.append(replace(piece, reel_start=at))
        at += piece.duration
    return tuple(found)


def _frames(cast: Cast, people: Sequence[Person]) -> list[tuple[int, int]]:
    """(first, stop) frames of the appearances of any of these people."""
    tracks = cast.tracks
    return sorted(
        (min(int(tracks.first[t]) for t in stay.tracks), max(int(tracks.last[t]) for t in stay.tracks) + 1)
        for person in people
        for stay in person.appearances
    )


def _overlaps(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The frames that lie in a span of `a` and in a span of `b`."""
    meet = [(max(x[0], y[0]), min(x[1], y[1])) for x in a for y in b]
    return sorted(span for span in meet if span[0] < span[1])


def _snapped(cast: Cast, first: int, stop: int, near: Fraction) -> tuple[int, int]:
    """The same frames, extended to the boundaries of their shots where these are near."""
    clock, shots = cast.clock, cast.shots
    if not len(shots):
        return first, stop
    begin, end = (int(s) for s in shots.of([first, stop - 1]))
    low, high = int(shots.start[begin]), int(shots.stop[end])
    if clock.time(first) - clock.time(low) <= near:
        first = low
    if clock.time(high) - clock.time(stop) <= near:
        stop = high
    return first, stop


def _piece(cast: Cast, first: int, stop: int) -> Piece:
    return Piece(first, stop, cast.clock.time(first), cast.clock.time(stop))


def _joined(cast: Cast, pieces: list[Piece]) -> list[Piece]:
    """The pieces, with those that overlap or touch joined."""
    joined: list[Piece] = []
    for piece in sorted(pieces, key=lambda p: (p.first, p.stop)):
        if joined and piece.first <= joined[-1].stop:
            before = joined.pop()
            piece = _piece(cast, before.first, max(before.stop, piece.stop))
        joined.append(piece)
    return joined


def _within(casts: Sequence[Cast], pieces: list[Piece], longest: Fraction) -> list[Piece]:
    """The longest pieces that fit, in order, and the beginning of the first that does not."""
    taken, left = [], longest
    for piece in sorted(pieces, key=lambda p: (-p.duration, p.film, p.first)):
        if piece.duration > left:
            cast = casts[piece.film]
            stop = _frame_at(cast, piece, left)
            if stop > piece.first:
                taken.append(replace(_piece(cast, piece.first, stop), film=piece.film))
            break
        taken.append(piece)
        left -= piece.duration
    return sorted(taken, key=lambda p: (p.film, p.first))


def _frame_at(cast: Cast, piece: Piece, seconds: Fraction) -> int:
    """The last frame at which a piece can end without exceeding a length in seconds."""
    times: NDArray[np.float64] = cast.clock.seconds()
    stop = int(np.searchsorted(times, float(piece.start + seconds) + 1e-9, side="right")) - 1
    while stop > piece.first and cast.clock.time(stop) - piece.start > seconds:
        stop -= 1
    return min(stop, piece.stop)
