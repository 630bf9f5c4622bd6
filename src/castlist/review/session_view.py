"""The state of a review for its pages: people, questions, history; nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path
from threading import Lock, RLock

import numpy as np

from castlist.cast import Cast
from castlist.dark_pictures import brightened_jpeg
from castlist.decisions import (
    Base,
    Decision,
    View,
    action_to_redo,
    action_to_undo,
    apply,
    cast_of,
    completed,
    person_called,
    standing,
    with_numbers,
)
from castlist.decisions.proposed import owner
from castlist.decode.files import printable
from castlist.errors import InputError, WorkspaceError
from castlist.pipeline.prepare import prepare
from castlist.report.formatting import short_line
from castlist.review.actions import decision, witness
from castlist.review.asking import listed_checks, listed_likely, listed_questions, listed_sheet
from castlist.review.history import full_sentence, listed_history, sentence, undone_or_itself
from castlist.review.lookahead import Lookahead
from castlist.review.people import Describe, Head, Listed, ReviewState
from castlist.review.proposed import Offered, plain
from castlist.store import FoundAnew, Stale, Workspace
from castlist.suggest.batches import Batch
from castlist.suggest.questions import LONGEST, Asker
from castlist.types import NOISE, Json, JsonObject, Video

__all__ = ["SessionView"]


class SessionView:
    """The people, questions and history of a workspace under review; nothing here changes it.

    Thread-safe. `Session` decides and saves.
    """

    def __init__(self, path: Path, workspace: Workspace, video: Video, base: Base) -> None:
        self.path, self.video = path, video
        self._workspace = workspace
        self._lock = RLock()
        self._thinking = Lock()  # for questions, while other threads read and decide
        self._lookahead = Lookahead()
        self._saving = Lock()  # taken before `_lock`, never after it
        self._held = 0  # number of open `deciding_on` contexts, all in the thread that has `_lock`
        self._hurried = 0  # how many wait to save here, without a process of low priority
        self._log: list[Decision] = workspace.decisions.all()
        self._found = len(self._log)  # decisions made before
        self._rest_on(base)

    def _rest_on(self, base: Base) -> None:
        """Start from the result of a run."""
        self.base = base
        self._scan_state = self._workspace.scan_state()
        self.view: View = apply(base, self.video, self._log)
        self.describe = Describe(base, self.video)
        self.images = frozenset(base.portraits.image) - {""}
        self._asker: Asker | None = None
        self._lookahead.close()

    # Reading

    def refresh(self) -> View:
        """The view after all decisions in the workspace, including those of other processes."""
        with self._lock:
            last, scan_state = self._workspace.decisions.last(), self._workspace.scan_state()
            if scan_state != self._scan_state or last < self.view.revision:
                self._start_anew()
            elif last != self.view.revision:
                self._take()
            return self.view

    @contextmanager
    def deciding_on(self, scan_state: str | None) -> Iterator[None]:
        """A context in which decisions are about the tracks that the page shows.

        Args:
            scan_state: the `scan_state` of the page's state; None for the newest.

        Raises:
            FoundAnew: castlist find ran since then, and track numbers mean other tracks now.
        """
        with self._lock:
            self.refresh()
            if scan_state is not None and scan_state != self._scan_state:
                raise FoundAnew
            self._held += 1
            try:
                yield
            finally:
                self._held -= 1

    def _start_anew(self) -> None:
        """Start from the stored state: castlist find ran, a person was erased, or a copy was restored.

        Raises:
            FoundAnew: a decision in progress relies on the earlier state.
            WorkspaceError: the workspace is now that of another film.
        """
        found = self._workspace.video()
        if found is not None and found.digest != self.video.digest:
            raise WorkspaceError(
                f"{self.path}: the cast of another film ({printable(found.path.name)}) is there now; end "
                "this review, then start castlist review on the workspace that you want"
            )
        if self._held:
            raise FoundAnew
        base = self._workspace.machine()
        self._log = self._workspace.decisions.all()
        self._rest_on(prepare(str(self.path))[1] if base is None else base)

    def _take(self) -> None:
        self._log += self._workspace.decisions.since(self._log[-1].id if self._log else 0)
        self.view = apply(self.base, self.video, self._log, self.view)

    def state(self) -> ReviewState:
        """Everything that the page shows, as plain values."""
        with self._lock:
            view = self.refresh()
            head = self.head()
            return {**head, "people": self.people(view), "aside": self.describe.aside(view)}

    def people(self, view: View) -> list[Listed]:
        """All people of a view as the page shows them, with their proposed names."""
        with self._lock:
            proposed = standing(self._workspace.proposals.all(), view)
        return [
            {**self.describe.person(g), "proposed": [plain(row) for row in proposed.get(i, ())]}
            for i, g in enumerate(view.groups)
        ]

    def head(self) -> Head:
        """The state without people and set-aside tracks."""
        with self._lock:
            view = self.refresh()
            return {
                **self.describe.head(view, self.video),
                "scan_state": self._scan_state,
                "proposals": self._workspace.proposals.stamp(),
                "undo": self._label(action_to_undo(self._log)),
                "redo": self._label(action_to_redo(self._log)),
            }

    def _label(self, numbers: Sequence[int]) -> str:
        by = {d.id: d for d in self._log}
        made = [found for n in sorted(numbers) if (found := undone_or_itself(n, by)) is not None]
        return short_line("; ".join(sentence(d, self.view) for d in sorted(made, key=lambda d: d.id)), 300)

    def witness(self, person: str, excluded: int = NOISE) -> int:
        """The track that best represents a person, other than `excluded`.

        Raises:
            InputError: there is no such person, or the person has no other track.
        """
        with self._lock:
            return witness(self.base, self.video, self.refresh(), person, excluded)

    def boxes(self, track: int) -> list[list[float]]:
        """The boxes of a track's face, by time.

        Raises:
            InputError: there is no such track.
        """
        if not 0 <= track < len(self.base.tracks):
            raise InputError(f"there is no track {track}")
        return self.describe.boxes(track, self.video.width, self.video.height)

    def questions(self, limit: int = 12) -> list[dict[str, object]]:
        """What to ask next, the most useful question first."""
        with self._thinking:
            view = self.refresh()
            return listed_questions(self._asks(view).questions(limit), view, self.describe)

    def sheet(self, limit: int = LONGEST) -> dict[str, object]:
        """The batch of questions that corrects most faces for each click; answer with "sort".

        Each item has `track`, `whole` (True: it represents its whole person), `of` (its person), `guess` and
        `others` (tracks with their `person`; a guess of None means none of the others) and `probability`. The
        answer is {"action": "sort", "items": [{"track": 3, "whole": false, "to": 7, "not": []}, ...]}: `to`
        is the track of the chosen person, or None for none of those in `not`; an item with `open`, the tracks
        that it was compared with, stays as it is and is not asked about again.
        """
        with self._thinking:
            view = self.refresh()
            asker = self._asks(view)
            return listed_sheet(
                asker.first_of_each()[0] if limit == LONGEST else asker.sheet(limit), view, self.describe
            )

    def sheet_after(
        self, requests: Sequence[JsonObject], limit: int = LONGEST, *, revision: int | None = None
    ) -> dict[str, object]:
        """The batch that would follow these answers, which are used as evidence but not decided.

        It is empty if another kind of question would come first, and has no track of the answers again.

        Args:
            requests: decisions as for `decide`, each on the people after the ones before it.
            revision: the latest decision of the view that the user saw; None for the newest.

        Raises:
            Stale: other users decided since `revision`.
            InputError: a request is invalid.
        """
        with self._thinking:
            view, after = self._after(requests, revision)
            asker = self._asks(after)
            sheet_first = asker.first() == "sheet"
            batch = asker.sheet(limit, _asked_about(requests)) if sheet_first else Batch((), 0.0, 0.0)
            return {**listed_sheet(batch, after, self.describe), "revision": view.revision}

    def think_ahead(self, requests: Sequence[JsonObject], *, revision: int | None = None) -> None:
        """Compute the questions after these answers, before they are decided; other threads can go on.

        If exactly these answers are decided next, their questions come sooner.

        Args:
            requests: decisions as for `decide`, each on the people after the ones before it.
            revision: the latest decision of the view that the user saw; None for the newest.

        Raises:
            Stale: other users decided since `revision`.
            InputError: a request is invalid.
        """
        view, after = self._after(requests, revision)
        with self._thinking:
            self._lookahead.start(copy(self._asker or self._asks(view)), after)

    def _after(self, requests: Sequence[JsonObject], revision: int | None) -> tuple[View, View]:
        """The view now, and the view after these answers; see `sheet_after`."""
        with self._lock:
            view = self.refresh()
            self._current(revision)
            return view, self._tried(requests)[1]

    def checks(self) -> dict[str, Json]:
        """People to check at once; answer with "check".

        Each of `people` has `id`, `wrong` (expected wrong faces), `pieces`, lists of track numbers, the first
        of which is the person, and `others`, for each piece the other people it may show, as [id, track], the
        likeliest first. `aside` are the largest set-aside tracks without a review, `asides` is their number,
        `homes` the people that each may show; `left` is the number of unconfirmed people, `first` what to ask
        first, "sheet" (a batch) or "check" (without people: about set-aside tracks), and `doubts` the
        uncertain people, with reasons.
        """
        with self._thinking:
            view = self.refresh()
            return listed_checks(self._asks(view), view, self.base)

    def _asks(self, view: View) -> Asker:
        """The asker, updated to a view."""
        if self._asker is None:
            self._asker = Asker(self.base)
        if getattr(self._asker, "view", None) is not view:
            ahead = self._lookahead.take(view)
            if ahead is not None and ahead.base is self.base:
                self._asker = ahead
            else:
                self._asker.look(view)
        return self._asker

    def history(self) -> list[dict[str, Json]]:
        """The decisions, newest first: people and number of tracks, author and time, and their faces."""
        with self._lock:
            self.refresh()
            return listed_history(self._log, self.view)

    def sentence(self, number: int) -> str:
        """A decision in words: its people, their tracks, and what it overrules.

        Raises:
            InputError: there is no such decision.
        """
        with self._lock:
            self.refresh()
            by = {d.id: d for d in self._log}
            if number not in by:
                raise InputError(f"there is no decision {number}; castlist decide ... history lists them")
            return full_sentence(by[number], self.view, by)

    def picture(self, name: str) -> bytes:
        """A face as JPEG, by the name sent to the page; a dark one is made brighter.

        Raises:
            InputError: no such name was sent to the page.
            WorkspaceError: the file is missing or damaged.
        """
        if name not in self.images:
            raise InputError("there is no such picture")
        return brightened_jpeg(self._workspace.image(name))

    # Decisions

    def _tried(self, requests: Sequence[JsonObject], author: str = "") -> tuple[list[Decision], View]:
        """These decisions, and the view after them; nothing is stored."""
        view, log = self.view, [*self._log]
        for request in requests:
            made = decision(request, self.base, self.video, view, author)
            made, view = self._next(completed(made, view, self.base, self.video), view, log)
            log.append(made)
        return log[len(self._log) :], view

    def _next(self, made: Decision, view: View, log: Sequence[Decision]) -> tuple[Decision, View]:
        """The decision with its number and the numbers of new people, and the view after it."""
        made = replace(made, id=view.revision + 1)
        view = apply(self.base, self.video, [*log, made], view)
        return with_numbers(made, view, log), view

    def together(self) -> int:
        """Number of pairs of tracks of one person that share frames, as if they were two people."""
        label = self.view.label[self.base.cannot]
        return int(np.count_nonzero((label[:, 0] == label[:, 1]) & (label[:, 0] != NOISE)))

    def proposed(self) -> list[Offered]:
        """The open proposed names with their people (`person`), in page order."""
        with self._lock:
            return [{"person": p["id"], **row} for p in self.people(self.refresh()) for row in p["proposed"]]

    def rejected(self) -> list[Offered]:
        """The rejected names with their people (`person`), in the form of `proposed`."""
        with self._lock:
            view, rows = self.refresh(), self._workspace.proposals.all()
            owners = [(row, owner(row, view)) for row in rows if row.rejected is not None]
            return [
                {"person": view.groups[owner_group].id, **plain(row)}
                for row, owner_group in owners
                if owner_group != NOISE
            ]

    def _current(self, revision: int | None) -> None:
        if revision is not None and revision < self.view.revision:
            raise Stale(tuple(d for d in self._log if d.id > revision))

    def alike(self, person: str) -> list[dict[str, Json]]:
        """All other people by their probability of being the same person, the likeliest first.

        Each is {"id": "p7", "probability": 0.93}; without a face to compare, the probability is 0.

        Raises:
            InputError: there is no such person.
        """
        with self._thinking:
            view = self.refresh()
            group = person_called(view, person)
            index = next(i for i, g in enumerate(view.groups) if g is group)
            return listed_likely(self._asks(view).alike(index), view, index)

    def cast(self) -> Cast:
        """The cast after all decisions."""
        with self._lock:
            return cast_of(self.base, self.video, self.refresh())


def _asked_about(requests: Sequence[JsonObject]) -> list[int]:
    """The tracks of the items of these answers."""
    listed = [request.get("items") for request in requests]
    tracks = [item.get("track") for items in listed if isinstance(items, list) for item in items]
    return [track for track in tracks if isinstance(track, int)]
