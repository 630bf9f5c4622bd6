"""The state sent to the page: first complete, then changes; long lists in parts."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from castlist.errors import InputError
from castlist.report.formatting import short_line
from castlist.review.alike import alike
from castlist.review.session import Session
from castlist.timecode import constant, timebase
from castlist.types import SET_ASIDE

if TYPE_CHECKING:
    from castlist.decisions import Group, View
    from castlist.review.people import TrackFacts

__all__ = ["Page"]

VIEWS = 64  # old views with changes on record; pages with an older view get the whole state
AT_ONCE = 1000  # tracks in one response
WINDOW = 60_000  # milliseconds of film in one response with boxes
BOXES = 20_000  # boxes in one response


class Page:
    """A session for its pages. Thread-safe; requests for the state never wait for questions."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._sent: OrderedDict[tuple[str, int, str], dict[str, dict[str, object]]] = OrderedDict()
        self._lock = Lock()
        self._asking = Lock()
        self._asked: dict[str, object] = {"revision": -1}
        self._asked_on = ""  # `scan_state` of the questions in `_asked`
        self._pace = _pace(session)

    def news(self, since: int | None = None, proposals: str | None = None) -> dict[str, object]:
        """The state for a page with the view `since`: only people who changed; all people if None.

        Args:
            proposals: the stamp of the page's proposed names; default: the current stamp.
        """
        while True:
            view, head = self.session.refresh(), self.session.head()
            described, after = self.session.people(view), self.session.head()
            if (head["scan_state"], head["revision"], head["proposals"]) == (
                after["scan_state"], view.revision, after["proposals"],
            ):  # fmt: skip
                break  # no scan, decision or proposal in between
        people: dict[str, dict[str, object]] = {
            p["id"]: {k: v for k, v in p.items() if k != "spans"} for p in described
        }
        scan_state, stamp = head["scan_state"], head["proposals"]
        with self._lock:
            known = None if since is None else (scan_state, since, stamp if proposals is None else proposals)
            before = None if known is None else self._sent.get(known)
            self._sent[scan_state, view.revision, stamp] = people
            self._sent.move_to_end((scan_state, view.revision, stamp))
            while len(self._sent) > VIEWS:
                self._sent.popitem(last=False)
        aside = Counter(view.reason[t] for t in np.flatnonzero(view.fate == SET_ASIDE).tolist())
        return {
            **head,
            "film": {**head["film"], **self._pace},
            "since": since if before is not None else None,
            "order": list(people),
            "people": [p for i, p in people.items() if before is None or before.get(i) != p],
            "aside": [{"reason": _reason(why), "count": n} for why, n in aside.most_common()],
        }

    def changes(
        self, since: int, proposals: str | None = None, scan_state: str | None = None
    ) -> dict[str, object] | None:
        """The state as in `news`, None if nothing changed.

        Args:
            proposals: the stamp of the page's proposed names; default: proposals are ignored.
            scan_state: the `scan_state` of the page's state; default: it is ignored.
        """
        if scan_state not in (None, self.session.head()["scan_state"]):
            return self.news()
        if since != self.session.refresh().revision:
            return self.news(since, proposals)
        return None if proposals in (None, self.session.head()["proposals"]) else self.news()

    def person(self, name: str) -> dict[str, object]:
        """A person's tracks in order, the tracks that decisions confirmed or moved there, and spans of time.

        Raises:
            InputError: there is no such person.
        """
        view, group = self._group(name)
        spans = self.session.describe.person(group)["spans"]
        confirmed = group.tracks[view.labelled[group.tracks]]
        return {
            "revision": view.revision,
            "tracks": group.tracks.tolist(),
            "confirmed": confirmed.tolist(),
            "spans": spans,
        }

    def alike(self, name: str) -> dict[str, object]:
        """All other people as [id, similarity, whether they may be the same person], the most similar first.

        Raises:
            InputError: there is no such person.
        """
        view, group = self._group(name)
        return {"revision": view.revision, "people": alike(self.session.base, view, group)}

    def _group(self, name: str) -> tuple[View, Group]:
        """The current view, and the group of a person in it."""
        view = self.session.refresh()
        group = view.group(name)
        if group is None:
            raise InputError(f"there is no person {short_line(name)!r} any more; reload the page")
        return view, group

    def aside(self) -> list[dict[str, object]]:
        """The numbers of the set-aside tracks by reason, those with most faces first."""
        view, size = self.session.refresh(), self.session.base.tracks.size
        groups: dict[str, list[int]] = {}
        for track in np.flatnonzero(view.fate == SET_ASIDE).tolist():
            groups.setdefault(_reason(view.reason[track]), []).append(track)
        return [
            {"reason": why, "tracks": sorted(members, key=lambda t: -size[t])}
            for why, members in sorted(groups.items(), key=lambda g: -len(g[1]))
        ]

    def tracks(self, numbers: str) -> list[TrackFacts]:
        """Descriptions of tracks given as "3,5,8"; they do not change during a session.

        Raises:
            InputError: these are no track numbers, or too many.
        """
        asked = numbers.split(",", AT_ONCE)
        good = len(asked) <= AT_ONCE and all(t.isascii() and t.isdigit() and len(t) < 10 for t in asked)
        if not good or any(int(t) >= len(self.session.base.tracks) for t in asked):
            raise InputError(f"ask for up to {AT_ONCE} tracks by their numbers, as in 3,5,8")
        return [self.session.describe.track(int(t)) for t in asked]

    def timeline(self) -> dict[str, object]:
        """When each person is seen, and where shots begin, in milliseconds."""
        view, describe = self.session.refresh(), self.session.describe
        spans = {g.id: describe.person(g)["spans"] for g in view.groups}
        return {"revision": view.revision, "shots": describe.shots, "spans": spans}

    def faces(self, start: int, stop: int) -> list[dict[str, object]]:
        """The boxes of all people's tracks in a part of the film, for drawing over it.

        Raises:
            InputError: the part is longer than a minute, or no part.
        """
        _check_piece(start, stop)
        view, describe = self.session.refresh(), self.session.describe
        inside = np.flatnonzero((describe.start < stop) & (describe.stop > start))
        inside = inside[np.cumsum(self.session.base.tracks.size[inside]) <= BOXES]
        owner = view.label[inside].tolist()
        return [
            {"track": t, "person": view.groups[k].id if k >= 0 else None, "boxes": self.session.boxes(t)}
            for t, k in zip(inside.tolist(), owner, strict=True)
        ]

    def frames(self, start: int, stop: int) -> list[float]:
        """Start times of frames in a part of the film, and of the frames before and after, in milliseconds.

        The film's end follows the last frame.

        Raises:
            InputError: the part is longer than a minute, or no part.
        """
        _check_piece(start, stop)
        clock = self.session.base.clock
        first, after = np.searchsorted(clock.pts * float(1000 * clock.unit), [start, stop]).tolist()
        wanted = range(max(0, first - 2), min(after + 1, len(clock)) + 1)
        return [round(float(1000 * clock.time(n)), 3) for n in wanted]

    def questions(self) -> Mapping[str, object]:
        """What to ask next for the newest view; computed once for each view, for all pages."""
        with self._asking:
            while self._asked["revision"] != self.session.refresh().revision or (
                self._asked_on != self.session.head()["scan_state"]
            ):
                scan_state = self.session.head()["scan_state"]
                asked, sheet = self.session.questions(), self.session.sheet()
                check = self.session.checks()
                if sheet["revision"] == check["revision"] == self.session.view.revision:
                    self._asked = {
                        "revision": sheet["revision"],
                        "questions": asked,
                        "sheet": sheet,
                        "check": check,
                    }
                    self._asked_on = scan_state
            return self._asked


def _check_piece(start: int, stop: int) -> None:
    if not 0 <= start < stop <= start + WINDOW:
        raise InputError(f"ask for a piece of the film of up to {WINDOW // 1000} seconds")


def _pace(session: Session) -> dict[str, object]:
    """The frame rate, and the timecode's rate if timecode counts these frames."""
    video, clock = session.video, session.base.clock
    found: dict[str, object] = {"rate": float(video.frame_rate), "timebase": None}
    with suppress(InputError):
        base = timebase(clock, video.frame_rate, timecode=video.timecode)
        if constant(clock, base.rate):
            grid = {"rate": float(base.rate), "drop": base.drop, "start": base.start}
            found["timebase"] = {**grid, "origin": float(base.origin)}
    return found


def _reason(why: str) -> str:
    return short_line(why, 200) or "no reason given"
