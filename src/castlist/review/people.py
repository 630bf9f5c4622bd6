"""Groups of tracks as plain values for the page, computed once for each set of tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from castlist.cast import APPEARANCE_GAP, picture_worth
from castlist.decisions import Base, View
from castlist.decisions.people import Group
from castlist.report.formatting import short_line
from castlist.review.face_position import face_positions
from castlist.types import SET_ASIDE, Json, Video

if TYPE_CHECKING:
    from castlist.review.proposed import Plain

__all__ = ["Describe"]

ASIDE = 200  # set-aside tracks shown for each reason
FACES = 8  # pictures on a person's card
SPANS = 1500  # bars of a person in the timeline
WHOLE = 10_000  # characters: no name in a log is longer
REMEMBERED = 4000  # people with cached descriptions


class PersonFacts(TypedDict):
    """What the page shows about the tracks of a person."""

    seconds: float
    share: float
    tracks: int
    faces: int
    appearances: int
    first: int  # milliseconds
    last: int
    pictures: list[list[str | int]]  # [image, milliseconds, track], best first; see `Describe.picture`
    spans: list[list[int]]  # [start, stop] in milliseconds


class Shown(PersonFacts):
    """What the page shows about a person."""

    id: str
    name: str
    fate: int
    confirmed: bool


class TrackFacts(TypedDict):
    """What the page shows about a track."""

    track: int
    start: int  # milliseconds
    stop: int
    faces: int
    pictures: list[list[str | int]]  # [image, milliseconds]


class Listed(Shown):
    """A person with the proposed names."""

    proposed: list[Plain]


class Aside(TypedDict):
    """Set-aside tracks with the same reason."""

    reason: str
    count: int
    tracks: list[TrackFacts]  # the first ones


class FilmHead(TypedDict):
    """What the head of the page shows about the film."""

    title: str
    ms: int
    shots: int
    width: int
    height: int


class ViewHead(TypedDict):
    """What the head of the page shows about a view of the film."""

    revision: int  # the latest decision
    film: FilmHead
    conflicts: list[str]
    missing: int
    joined: list[dict[str, Json]]


class Head(ViewHead):
    """The state without people and set-aside tracks."""

    scan_state: str  # changes with each run of castlist find: track numbers mean other tracks then
    proposals: str  # changes with each proposal, and with each answer to one
    undo: str  # the decision that an undo would undo, "" for none
    redo: str


class ReviewState(Head):
    """Everything the page shows at once."""

    people: list[Listed]
    aside: list[Aside]


class Describe:
    """Describes people of one base; descriptions are cached by the person's tracks."""

    def __init__(self, base: Base, video: Video) -> None:
        self.base = base
        self._positions = face_positions(base.portraits, base.tracks, video.width, video.height)
        self._ms = np.rint(base.clock.seconds() * 1000).astype(np.int64)
        tick = base.clock.tick() * float(base.clock.unit) * 1000
        ends = np.append(self._ms, self._ms[-1] + round(tick) if len(self._ms) else 0)
        self.start, self.stop = ends[base.tracks.first], ends[base.tracks.last + 1]
        self.length = int(ends[-1])  # of the timeline, which begins at the start of the file
        self._whole = float(base.clock.lasts(video.duration))
        self.shots: list[int] = ends[base.shots.start].tolist()
        self._shown = np.diff(ends)
        self._size = base.tracks.size
        p = base.portraits
        self._worth = picture_worth(p, base.shots)
        self._order = np.lexsort((-self._worth, p.track))
        self._edge = np.searchsorted(p.track[self._order], np.arange(len(base.tracks) + 1))
        self._cache: dict[bytes, PersonFacts] = {}

    def pictures(self, track: int, limit: int = FACES) -> list[list[str | int]]:
        """[image, milliseconds] of a track, best first; see `picture`."""
        rows = self._order[self._edge[track] : self._edge[track + 1]][:limit]
        return [self.picture(row) for row in rows.tolist() if self.base.portraits.image[row]]

    def picture(self, row: int, *more: int) -> list[str | int]:
        """[image, milliseconds, ...], and the position of the face if the picture shows others, too."""
        p = self.base.portraits
        meant = (self._positions[row],) if row in self._positions else ()
        return [p.image[row], int(self._ms[p.frame[row]]), *more, *meant]

    def person(self, group: Group) -> Shown:
        """What the page shows about a person."""
        key = group.tracks.tobytes()
        if key not in self._cache:
            if len(self._cache) >= REMEMBERED:
                self._cache.clear()
            self._cache[key] = self._facts(group.tracks)
        facts = self._cache[key]
        chosen = self._at(*group.key) if group.key else None
        if chosen is not None:
            others = [q for q in facts["pictures"] if q[0] != chosen[0]]
            facts = {**facts, "pictures": [chosen, *others][:FACES]}
        return {
            "id": group.id,
            "name": short_line(group.name, WHOLE),  # edited on the page, so never shortened
            "fate": group.fate,
            "confirmed": group.confirmed,
            **facts,
        }

    def _at(self, track: int, frame: int) -> list[str | int] | None:
        """[image, milliseconds, track] of the track's picture nearest to a frame, None without pictures."""
        p = self.base.portraits
        rows = [r for r in self._order[self._edge[track] : self._edge[track + 1]].tolist() if p.image[r]]
        if not rows:
            return None
        row = min(rows, key=lambda r: abs(int(p.frame[r]) - frame))
        return self.picture(row, track)

    def track(self, track: int) -> TrackFacts:
        """What the page shows about a track."""
        return {
            "track": track,
            "start": int(self.start[track]),
            "stop": int(self.stop[track]),
            "faces": int(self._size[track]),
            "pictures": self.pictures(track, 4),
        }

    def head(self, view: View, video: Video) -> ViewHead:
        """What the head of the page shows about a view."""
        return {
            "revision": view.revision,
            "film": {
                "title": short_line(video.path.stem, 120) or "Untitled",
                "ms": self.length,
                "shots": len(self.base.shots),
                "width": video.width,
                "height": video.height,
            },
            "conflicts": [
                f"decision {c.decision} outranks decision {c.against}: {c.why}"
                for c in view.conflicts
                if c.against
            ],
            "missing": len({m.decision for m in view.missing}),
            "joined": [
                {"person": j.person, "tracks": j.tracks.tolist(), "faces": j.faces} for j in view.joined
            ],
        }

    def aside(self, view: View) -> list[Aside]:
        """Set-aside tracks of a view by reason: their number, and the largest ones."""
        groups: dict[str, list[int]] = {}
        for track in np.flatnonzero(view.fate == SET_ASIDE).tolist():
            groups.setdefault(view.reason[track], []).append(track)
        shown = ((why, sorted(members, key=lambda t: -self._size[t])) for why, members in groups.items())
        return [
            {
                "reason": short_line(why, 200) or "no reason given",
                "count": len(members),
                "tracks": [self.track(t) for t in members[:ASIDE]],
            }
            for why, members in sorted(shown, key=lambda g: -len(g[1]))
        ]

    def boxes(self, track: int, width: int, height: int) -> list[list[float]]:
        """[milliseconds, left, top, width, height] of each face, as fractions of the frame."""
        t = self.base.tracks
        rows = t.rows(track)
        box = t.box[rows].astype(np.float64) / (width, height, width, height)
        box[:, 2:] -= box[:, :2]
        table = np.column_stack([self._ms[t.frame[rows]], np.round(box, 4)])
        return [[float(v) for v in row] for row in table]

    def _facts(self, tracks: NDArray[np.int64]) -> PersonFacts:
        t = self.base.tracks
        starts, sizes = t.offset[tracks], self._size[tracks]
        rows = np.repeat(starts - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes) + np.arange(
            sizes.sum()
        )
        frames = np.unique(t.frame[rows])
        seconds = float(self._shown[frames].sum()) / 1000
        stays = _joined(self.start[tracks], self.stop[tracks], float(APPEARANCE_GAP) * 1000)
        return {
            "seconds": seconds,
            "share": min(1.0, seconds / self._whole) if self._whole else 0.0,
            "tracks": len(tracks),
            "faces": int(sizes.sum()),
            "appearances": len(stays),
            "first": int(stays[0, 0]),
            "last": int(stays[-1, 1]),
            "pictures": self._best(tracks),
            "spans": _few(stays, self.length).tolist(),
        }

    def _best(self, tracks: NDArray[np.int64]) -> list[list[str | int]]:
        """[image, milliseconds, track] of the best faces, of different tracks if possible."""
        p = self.base.portraits
        first = [
            (self._order[self._edge[t]], t) for t in tracks.tolist() if self._edge[t] < self._edge[t + 1]
        ]
        first.sort(key=lambda f: -self._worth[f[0]])
        found = [self.picture(int(r), t) for r, t in first[:FACES] if p.image[r]]
        for t in tracks.tolist()[:FACES]:
            if len(found) >= FACES:
                break
            rows = self._order[self._edge[t] : self._edge[t + 1]][:FACES].tolist()
            found += [self.picture(r, t) for r in [r for r in rows if p.image[r]][1:]]
        return found[:FACES]


def _joined(start: NDArray[np.int64], stop: NDArray[np.int64], gap: float) -> NDArray[np.int64]:
    """(n, 2) spans in order; spans `gap` apart or less are joined."""
    order = np.argsort(start, kind="stable")
    start, end = start[order], np.maximum.accumulate(stop[order])
    fresh = np.flatnonzero(start[1:] - end[:-1] > gap) + 1
    first = np.concatenate([[0], fresh])
    last = np.concatenate([fresh, [len(start)]]) - 1
    return np.stack([start[first], end[last]], axis=1)


def _few(spans: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Spans for a drawing, joined until there are few enough."""
    gap = 1000.0
    while len(spans) > SPANS:
        gap = max(2 * gap, length / 4000)
        spans = _joined(spans[:, 0], spans[:, 1], gap)
    return spans
