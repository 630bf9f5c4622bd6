"""The machine's result without an erased person; other people stay unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.apply import apply, recorded_people
from castlist.decisions.base import Base
from castlist.decisions.decision import Decision
from castlist.decisions.groups import Groups
from castlist.decisions.locate import Finder
from castlist.decisions.people import View, as_shown
from castlist.decisions.recorded import RecordedPeople
from castlist.types import NOISE, CuePairs, Portraits, Tracks, Video

__all__ = ["base_without"]

Numbers = NDArray[np.int64]


def base_without(
    base: Base, video: Video, log: Sequence[Decision], kept: Numbers, tracks: Tracks, portraits: Portraits
) -> Base:
    """A base without some of its tracks; the log has the same effect on the other tracks.

    Decisions are not applied again to fewer tracks, where their effect could differ: the people of the
    current view are taken over.

    Args:
        kept: (k,) the remaining tracks, rising.
        tracks: the remaining tracks; their detections may have other numbers.
        portraits: the pictures of the remaining tracks.
    """
    view = apply(base, video, log)
    shown = as_shown(base, view)
    live = np.unique(shown.label[kept][shown.label[kept] != NOISE])
    place = np.full(len(shown.number) + 1, NOISE)  # the last entry is for NOISE
    place[live] = np.arange(len(live))
    less = replace(
        shown, tracks=tracks, portraits=portraits, label=place[shown.label[kept]], fate=shown.fate[kept],
        reason=tuple(shown.reason[t] for t in kept.tolist()), vector=shown.vector[kept],
        mean=shown.mean[kept], cannot=_among(shown.cannot, kept, len(shown.tracks)),
        number=shown.number[live], next_number=max(shown.next_number, view.standing.next_number), digest="",
        stood=(), cue=_cue(shown.cue, kept),
        sureness=shown.sureness[kept] if len(shown.sureness) else shown.sureness,
    )  # fmt: skip
    without = _Without(view, kept, base.digest, less.digest)
    return replace(less, stood=tuple(without(earlier) for earlier in recorded_people(view)))


def _among(pairs: Numbers, kept: Numbers, count: int) -> Numbers:
    """The pairs with both tracks among the remaining ones, renumbered."""
    place = np.full(count, NOISE)
    place[kept] = np.arange(len(kept))
    stays = place[pairs]
    return np.asarray(stays[(stays != NOISE).all(axis=1)], np.int64)


def _cue(cue: CuePairs, kept: Numbers) -> CuePairs:
    return replace(cue, vector=cue.vector[kept], times=cue.times[kept]) if len(cue) else cue


@dataclass(frozen=True, eq=False, slots=True)
class _Without:
    """Removes erased tracks, and people without any other track, from the recorded people."""

    view: View
    kept: Numbers  # (k,)
    before: str  # digest of the tracks before the erasure
    after: str  # digest of the remaining tracks

    def __call__(self, recorded: RecordedPeople) -> RecordedPeople:
        today, lost = self._stays(recorded.groups, recorded), self._stays(recorded.lost, recorded)
        stays = np.concatenate([today, lost])
        people = self._people(recorded, stays)
        place = np.cumsum(np.append(people, True)) - 1  # the last entry is for undecided tracks
        row = np.cumsum(stays) - 1
        apart = recorded.apart[stays[recorded.apart[:, 2]]]
        chosen = np.append(people, True)[: len(recorded.groups.person)]
        numbers = recorded.groups.person[chosen]
        return replace(
            recorded,
            groups=self._numbered(recorded.groups, _some(recorded.groups, today, place, numbers), today),
            lost=_some(recorded.lost, lost, place, numbers),
            made_by=recorded.made_by[people], named_by=recorded.named_by[people],
            key_by=recorded.key_by[people], fate=recorded.fate[people],
            no_face=recorded.no_face[stays], hidden=recorded.hidden[stays],
            apart=np.column_stack([apart[:, :2], row[apart[:, 2]]]),
            redirect=np.array([r for r in recorded.redirect.tolist() if not self._gone(r[0])]).reshape(-1, 2),
        )  # fmt: skip

    def _stays(self, groups: Groups, recorded: RecordedPeople) -> NDArray[np.bool_]:
        """(m,) recorded tracks that remain: neither erased, nor lost tracks of an erased person."""
        find: Finder = self.view.find
        found = find.located(groups)
        stays = np.ones(len(groups), np.bool_)
        stays[found.gone(len(groups))] = ~self._of_gone(groups, recorded)[found.gone(len(groups))]
        stays[found.old[~np.isin(found.track, self.kept)]] = False
        return stays

    def _of_gone(self, groups: Groups, recorded: RecordedPeople) -> NDArray[np.bool_]:
        """(m,) whether a recorded track belongs to a person without remaining tracks."""
        number = np.append(recorded.number, 0)[np.minimum(groups.side, len(recorded.number))]
        return np.array([self._gone(n) for n in number.tolist()], np.bool_)

    def _gone(self, number: int) -> bool:
        group = self.view.group(f"p{number}")
        return group is not None and not np.isin(group.tracks, self.kept).any()

    def _people(self, recorded: RecordedPeople, stays: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(p,) people with a remaining track, and people who had no track before."""
        side = np.concatenate([recorded.groups.side, recorded.lost.side]).astype(np.int64)
        present_before, present_now = (
            np.bincount(s, minlength=len(recorded.made_by) + 1)[:-1] > 0 for s in (side, side[stays])
        )
        return np.asarray(present_now | ~present_before)

    def _numbered(self, old: Groups, new: Groups, stays: NDArray[np.bool_]) -> Groups:
        """Groups recorded on the tracks before the erasure, renumbered to the remaining tracks."""
        if old.digest != self.before:
            return new
        number = np.searchsorted(self.kept, old.number[stays]).astype(np.int32)
        return replace(new, number=number, digest=self.after)


def _some(groups: Groups, stays: NDArray[np.bool_], place: Numbers, person: NDArray[np.int32]) -> Groups:
    kept = np.flatnonzero(stays)
    side = place[groups.side[kept]].astype(np.int32)
    return groups.only(kept, side, person if len(groups.person) else groups.person)
