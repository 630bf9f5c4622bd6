"""One review of a workspace, shared by all pages that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from copy import copy
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from threading import Lock, RLock
from types import TracebackType
from typing import Self

import numpy as np

from castlist import _former
from castlist.cast import Cast
from castlist.dark_pictures import visible
from castlist.decisions import (
    Alignment,
    Base,
    Carried,
    Decision,
    DecisionKind,
    Proposed,
    View,
    apply,
    cast_of,
    completed,
    numbered,
    person_called,
    standing,
    to_redo,
    to_undo,
    with_numbers,
)
from castlist.decisions.proposed import owner
from castlist.errors import CastlistError, InputError, WorkspaceBusy, WorkspaceError
from castlist.pipeline.prepare import prepare
from castlist.pipeline.publish import publish
from castlist.report.formatting import one_line
from castlist.review.actions import decision, witness
from castlist.review.asking import listed_checks, listed_likely, listed_questions, listed_sheet
from castlist.review.copies import Reviewed, carried_over
from castlist.review.history import full_sentence, listed_history, sentence, undone_or_itself
from castlist.review.lookahead import Lookahead
from castlist.review.people import Describe, Head, Listed, ReviewState
from castlist.review.proposed import Offered, plain, proposals_of, same_question
from castlist.review.saving import save_apart, updating
from castlist.store import Stale, Workspace
from castlist.suggest.batches import Batch
from castlist.suggest.names import Proposal
from castlist.suggest.questions import LONGEST, Asker
from castlist.types import NOISE, Json, JsonObject, Video

__all__ = ["Session"]


class Session:
    """A workspace under review. Made by `Session.open`; use it in a `with` statement. Safe among threads."""

    def __init__(self, path: Path, workspace: Workspace, video: Video, base: Base) -> None:
        self.path, self.video = path, video
        self._workspace = workspace
        self._lock = RLock()
        self._thinking = Lock()  # of questions, while others look and decide
        self._lookahead = Lookahead()
        self._saving = Lock()  # taken before `_lock`, never after it
        self._hurried = 0  # how many wait to save here, without a process of low priority
        self._log: list[Decision] = workspace.decisions.all()
        self._found = len(self._log)  # decisions made before
        self._rest_on(base)

    def _rest_on(self, base: Base) -> None:
        """Start from what a run found."""
        self.base = base
        self._ground = self._workspace.ground()
        self.view: View = apply(base, self.video, self._log)
        self.describe = Describe(base, self.video)
        self.images = frozenset(base.portraits.image) - {""}
        self._asker: Asker | None = None
        self._lookahead.close()

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open a workspace for review.

        Raises:
            WorkspaceError: there is none, no cast was found in it yet, or it is damaged.
        """
        video, base = prepare(str(path))
        return cls(Path(path), Workspace.open(path, write=False), video, base)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(CastlistError) if error else nullcontext():
            self.close()

    def close(self) -> None:
        """Write the cast as it was decided and its report, and close the workspace.

        Where nothing was decided meanwhile, a workspace that cannot be written is no error: it was looked at.
        """
        self._lookahead.close()
        try:
            self.save()
        except WorkspaceError:
            if len(self._log) > self._found:
                raise
        finally:
            with self._lock:
                self._workspace.close()

    # Looking

    def refresh(self) -> View:
        """The view with what others decided meanwhile, in this process or another."""
        with self._lock:
            if self._workspace.ground() != self._ground:  # castlist find ran meanwhile, or erased somebody
                base = self._workspace.machine()
                self._log = self._workspace.decisions.all()
                self._rest_on(prepare(str(self.path))[1] if base is None else base)
            elif self._workspace.decisions.last() != self.view.revision:
                self._take()
            return self.view

    def _take(self) -> None:
        self._log += self._workspace.decisions.since(self._log[-1].id if self._log else 0)
        self.view = apply(self.base, self.video, self._log, self.view)

    def state(self) -> ReviewState:
        """Everything the page shows at once, as plain values."""
        with self._lock:
            view = self.refresh()
            head = self.head()
            return {**head, "people": self.people(view), "aside": self.describe.aside(view)}

    def people(self, view: View) -> list[Listed]:
        """Everybody of a view as the page shows them, with the names that are proposed for them."""
        with self._lock:
            proposed = standing(self._workspace.proposals.all(), view)
        return [
            {**self.describe.person(g), "proposed": [plain(row) for row in proposed.get(i, ())]}
            for i, g in enumerate(view.groups)
        ]

    def head(self) -> Head:
        """The state without people and what is set aside."""
        with self._lock:
            view = self.refresh()
            return {
                **self.describe.head(view, self.video),
                "proposals": self._workspace.proposals.stamp(),
                "undo": self._label(to_undo(self._log)),
                "redo": self._label(to_redo(self._log)),
            }

    def _label(self, number: int | None) -> str:
        made = undone_or_itself(number, {d.id: d for d in self._log})
        return "" if made is None else one_line(sentence(made, self.view), 300)

    def witness(self, person: str, excluded: int = NOISE) -> int:
        """The track that stands for a person best, another one than `excluded`.

        Raises:
            InputError: there is no such person now, or they have no other track.
        """
        with self._lock:
            return witness(self.base, self.video, self.refresh(), person, excluded)

    def boxes(self, track: int) -> list[list[float]]:
        """Where a track's face is, time by time.

        Raises:
            InputError: there is no such track.
        """
        if not 0 <= track < len(self.base.tracks):
            raise InputError(f"there is no track {track}")
        return self.describe.boxes(track, self.video.width, self.video.height)

    def questions(self, limit: int = 12) -> list[dict[str, object]]:
        """What to ask next, the most useful first."""
        with self._thinking:
            view = self.refresh()
            return listed_questions(self._asks(view).questions(limit), view, self.describe)

    def sheet(self, limit: int = LONGEST) -> dict[str, object]:
        """The items to ask about at once that put most faces right for a click; answer with "sort".

        Each item has `track`, `whole` (it stands for its whole person), `of` (its person), `guess` and
        `others` (tracks with their `person`; a guess of None says: none of the others) and `probability`.
        The answer is {"action": "sort", "items": [{"track": 3, "whole": false, "to": 7, "not": []}, ...]}:
        `to` is the track of the person chosen, or None for nobody of those in `not`; an item with `open`, the
        tracks with which it was compared, is left as it is and not asked again.
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
        """The sheet as it would be after these answers, which are not decided: what they teach is used.

        It is empty where something else than a sheet would be asked first.

        Args:
            requests: decisions as for `decide`, each on the people that those before it leave.
            revision: the latest decision on the view that was answered on; None for the newest.

        Raises:
            Stale: others decided since `revision`.
            InputError: a request cannot be understood.
        """
        with self._thinking:
            view, after = self._after(requests, revision)
            asker = self._asks(after)
            batch = asker.sheet(limit) if asker.first() == "sheet" else Batch((), 0.0, 0.0)
            return {**listed_sheet(batch, after, self.describe), "revision": view.revision}

    def think_ahead(self, requests: Sequence[JsonObject], *, revision: int | None = None) -> None:
        """Find the questions after these answers, which are not decided yet, while others look and decide.

        Where just these are decided next, the questions after them are there sooner.

        Args:
            requests: decisions as for `decide`, each on the people that those before it leave.
            revision: the latest decision on the view that was answered on; None for the newest.

        Raises:
            Stale: others decided since `revision`.
            InputError: a request cannot be understood.
        """
        view, after = self._after(requests, revision)
        with self._thinking:
            self._lookahead.start(copy(self._asker or self._asks(view)), after)

    def _after(self, requests: Sequence[JsonObject], revision: int | None) -> tuple[View, View]:
        """The people now, and as they would be after these answers; see `sheet_after`."""
        with self._lock:
            view = self.refresh()
            self._current(revision)
            return view, self._tried(requests)[1]

    def checks(self) -> dict[str, Json]:
        """People who are not confirmed, to be looked through at once; answer with "check".

        Each of `people` has `id`, `wrong` (faces expected to be somebody else's), `pieces`, lists of track
        numbers, the first of which is the person, and `others`, for each piece whom it may show instead, as
        [id, track], the likeliest first. `aside` are the largest tracks that were set aside and nobody looked
        at, `asides` how many of them there are, `homes` whom each may show; `left` says how many people are
        not confirmed, `first` what is to be asked first, "sheet" or "check" (without people: about what was
        set aside), and `doubts` who is unsure and why.
        """
        with self._thinking:
            view = self.refresh()
            return listed_checks(self._asks(view), view, self.base)

    def _asks(self, view: View) -> Asker:
        """What thinks of questions, brought to a view."""
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
        """What was decided, newest first: whom and how much, who and when, and the faces that it is about."""
        with self._lock:
            self.refresh()
            return listed_history(self._log, self.view)

    def sentence(self, number: int) -> str:
        """A decision in words: whom it was about, how much of them, and what it outranks.

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
        """A face as JPEG, by the name that the page was given; a dark one is made brighter.

        Raises:
            InputError: the page was given no such name.
            WorkspaceError: the file is missing or damaged.
        """
        if name not in self.images:
            raise InputError("there is no such picture")
        return visible(self._workspace.image(name))

    # Deciding

    @_former.keyword("seen", "revision")
    def decide(self, request: JsonObject, *, revision: int | None = None, author: str = "") -> int:
        """Make a decision; its number. When this returns it is on disk and `view` goes by it.

        Args:
            request: `action` and what it is about, as in actions.py.
            revision: the latest decision on the view that was decided on; None for the newest.

        Raises:
            Stale: others decided since `revision`.
            InputError: the request cannot be understood.
        """
        (number,) = self.decide_all([request], revision=revision, author=author)
        return number

    def decide_all(
        self, requests: Sequence[JsonObject], *, revision: int | None = None, author: str = ""
    ) -> list[int]:
        """Make several decisions, each on the people that those before it leave: all of them or none.

        Args:
            requests: as for `decide`, at least one.
            revision: as for `decide`.

        Returns:
            Their numbers, in their order.

        Raises:
            Stale: others decided since `revision`.
            InputError: a request cannot be understood.
        """
        with self._lock:
            self.refresh()
            self._current(revision)
            if not requests:
                raise InputError("name at least one decision")
            return self._added(*self._tried(requests, author))

    def _tried(self, requests: Sequence[JsonObject], author: str = "") -> tuple[list[Decision], View]:
        """These decisions, and the people after them; nothing is kept of it."""
        view, log = self.view, [*self._log]
        for request in requests:
            made = decision(request, self.base, self.video, view, author)
            made, view = self._next(completed(made, view, self.base, self.video), view, log)
            log.append(made)
        return log[len(self._log) :], view

    def _next(self, made: Decision, view: View, log: Sequence[Decision]) -> tuple[Decision, View]:
        """A decision under its number, with the numbers that people get after it, and the people then."""
        made = replace(made, id=view.revision + 1)
        view = apply(self.base, self.video, [*log, made], view)
        return with_numbers(made, view, log), view

    def _added(self, made: Sequence[Decision], view: View) -> list[int]:
        """Add rows to the log, after which the people are those of this view; their numbers."""
        rows = self._workspace.decisions.added(made, revision=self.view.revision)
        if [row.id for row in rows] == [d.id for d in made]:
            self._log += [replace(row, groups=d.groups) for row, d in zip(rows, made, strict=True)]
            self.view = view
        else:
            self._take()
        return [row.id for row in rows]

    @_former.keyword("seen", "revision")
    def undo(
        self,
        decision: int | None = None,
        *,
        revision: int | None = None,
        author: str = "",
        redo: bool = False,
    ) -> int:
        """Undo a decision, the last that holds by default (or redo the last undo); the new row's number.

        Args:
            decision: any row of the history; undoing an undo does its decision again.

        Raises:
            Stale: others decided since `revision`.
            InputError: there is nothing to undo, or that decision does not hold.
        """
        with self._lock:
            self.refresh()
            self._current(revision)
            target = decision
            if target is None:
                target = to_redo(self._log) if redo else to_undo(self._log)
            if target is None:
                raise InputError(f"there is nothing to {'redo' if redo else 'undo'}")
            undo, view = self._next(
                Decision(DecisionKind.UNDO, undoes=target, author=author), self.view, self._log
            )
            (number,) = self._added([undo], view)
            return number

    def together(self) -> int:
        """How many pairs of tracks of one person are seen in the same frames, as of two people."""
        label = self.view.label[self.base.cannot]
        return int(np.count_nonzero((label[:, 0] == label[:, 1]) & (label[:, 0] != NOISE)))

    def propose(self, found: Sequence[Proposal], source: str, author: str = "") -> list[Proposed]:
        """Keep names that a file proposes for somebody who has none; nothing is decided by it.

        Args:
            found: as `castlist.suggest.names.propose_names` gives them, on this session's view.
            source: the file's name, which the page shows.

        Returns:
            What was kept: not what has no person, is known, or was rejected for that person before.

        Raises:
            InputError: the workspace holds too many.
        """
        with self._lock:
            view, before = self.refresh(), self._workspace.proposals.all()
            kept = proposals_of(found, self.base, self.video, view, source, author, before)
            self._workspace.proposals.put(kept)
            return kept

    def proposed(self) -> list[Offered]:
        """The names that are proposed now, and for whom (`person`), in the order of the page."""
        with self._lock:
            return [{"person": p["id"], **row} for p in self.people(self.refresh()) for row in p["proposed"]]

    def rejected(self) -> list[Offered]:
        """The names that were rejected, and for whom (`person`), as `proposed` lists them."""
        with self._lock:
            view, rows = self.refresh(), self._workspace.proposals.all()
            owners = [(row, owner(row, view)) for row in rows if row.rejected is not None]
            return [
                {"person": view.groups[owner_group].id, **plain(row)}
                for row, owner_group in owners
                if owner_group != NOISE
            ]

    @_former.keyword("seen", "revision")
    def accept(self, number: int, *, revision: int | None = None, author: str = "") -> int:
        """Say yes to a proposed name: the decision that gives it; its number.

        Raises:
            Stale: others decided since `revision`.
            InputError: there is no such proposal now, or somebody has that name meanwhile.
        """
        with self._lock:
            view, rows = self.refresh(), self._workspace.proposals.all()
            self._current(revision)
            person, alike = same_question(rows, view, number)
            open_names = {row.folded for row in standing(rows, view).get(view.groups.index(person), ())}
            if alike[0].folded not in open_names:
                raise InputError(
                    f"{one_line(alike[0].name)!r} is not an open proposal any more; castlist propose "
                    "lists the open ones"
                )
            request = {"action": "name", "person": person.id, "name": alike[0].name}
            return self.decide(request, author=author)

    def reject(self, number: int) -> str:
        """Say no to a proposed name: it is never proposed again for that person. What was said, in words.

        Raises:
            InputError: there is no such proposal now.
        """
        with self._lock:
            view, rows = self.refresh(), self._workspace.proposals.all()
            person, alike = same_question(rows, view, number)
            self._workspace.proposals.reject([row.id for row in alike])
            return one_line(f"{alike[0].name}: not {person.called}; never proposed for them again", 300)

    def reopen(self, number: int) -> str:
        """Take back a `reject`: the name is proposed for that person as before. What was said, in words.

        Raises:
            InputError: there is no such rejected proposal.
        """
        with self._lock:
            view, rows = self.refresh(), self._workspace.proposals.all()
            person, alike = same_question(rows, view, number, rejected=True)
            self._workspace.proposals.reopen([row.id for row in alike])
            return one_line(f"{alike[0].name}: proposed for {person.called} again", 300)

    def take_over(
        self, old: Path | str, *, offset: Fraction | None = None, trial: bool = False
    ) -> tuple[Alignment, Carried]:
        """Add the decisions of another copy of this film: an encoding, a size, a cut of its ends of its own.

        Args:
            old: the workspace of the other copy; it stays as it is.
            offset: seconds by which this copy runs later; found by the faces in both where not given.
            trial: only say what would be done.

        Returns:
            How the copies' times go together, and what was added, what could not be placed, and why.

        Raises:
            InputError: the two have too little in common, or `old` is this very workspace.
            WorkspaceError: there is no workspace, or it is damaged.
        """
        if Path(old).resolve() == self.path.resolve():
            raise InputError(f"{old}: decisions can only be imported from another workspace")
        video, base = prepare(str(old))
        with Workspace.open(old, write=False) as other:
            decisions = other.decisions.all()
        with self._lock:
            view = self.refresh()
            source = Reviewed(video, base, apply(base, video, decisions), decisions)
            alignment, carried = carried_over(
                source, Reviewed(self.video, self.base, view, self._log), offset
            )
            if carried.decisions and not trial:
                rows = numbered(self.base, self.video, self._log, carried.decisions)
                self._workspace.decisions.extend(rows, revision=view.revision)
                self._take()
            return alignment, carried

    def _current(self, revision: int | None) -> None:
        if revision is not None and revision < self.view.revision:
            raise Stale(tuple(d for d in self._log if d.id > revision))

    def save(self, *, apart: bool = False, ended: Callable[[], bool] = lambda: False) -> bool:
        """Write the cast as it stands, and its report; False where a run is at work there.

        Others look and decide meanwhile; what they decide is written too, or by the next call.

        Args:
            apart: in a process of its own, which works while the machine has nothing else to do and leaves
                this one free to answer; whoever saves without one meanwhile ends it, and saves at once.
            ended: asked again and again meanwhile; once it is true such a process is ended, and False
                returned.

        Raises:
            NotUpdated: the disk is full, or the folder cannot be written; decisions are safe.
            SaveKilled: the process of its own was killed; the workspace is as it was.
        """
        with nullcontext() if apart else self._hurrying(), self._saving:
            with self._lock:
                if self._workspace.cast_run()[1] == self.refresh().revision:
                    return True
            if apart:
                return save_apart(self.path, lambda: ended() or self._hurried > 0)
            return self._publish()

    @contextmanager
    def _hurrying(self) -> Iterator[None]:
        """Whoever saves in a process of low priority makes way for this thread."""
        with self._lock:
            self._hurried += 1
        try:
            yield
        finally:
            with self._lock:
                self._hurried -= 1

    def film_found(self, path: Path) -> None:
        """Note in the workspace where its film is now; a workspace that cannot be written stays as it is.

        Args:
            path: a file that was found to be the film by its content.
        """
        self.video = replace(self.video, path=path.absolute())
        with self._hurrying(), self._saving, suppress(WorkspaceError), Workspace.open(self.path) as opened:
            opened.put_video(self.video)

    def _publish(self) -> bool:
        try:
            with updating(self.path), Workspace.open(self.path) as opened:
                self.refresh()  # nobody finds or erases anything from now on
                publish(opened, self.base, self.video)
        except WorkspaceBusy:
            return False
        return True

    def alike(self, person: str) -> list[dict[str, Json]]:
        """Everybody else by how likely they are that person too, the likeliest first.

        Each is {"id": "p7", "probability": 0.93}; without a face to compare, the probability is 0.

        Raises:
            InputError: there is no such person now.
        """
        with self._thinking:
            view = self.refresh()
            group = person_called(view, person)
            index = next(i for i, g in enumerate(view.groups) if g is group)
            return listed_likely(self._asks(view).alike(index), view, index)

    def cast(self) -> Cast:
        """The cast as it was decided."""
        with self._lock:
            return cast_of(self.base, self.video, self.refresh())
