"""The review of a workspace, shared by all its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from castlist import _former
from castlist.decisions import (
    Alignment,
    Carried,
    Decision,
    DecisionKind,
    Proposed,
    View,
    action_to_redo,
    action_to_undo,
    apply,
    numbered,
    standing,
)
from castlist.errors import CastlistError, InputError, WorkspaceBusy, WorkspaceError
from castlist.pipeline.prepare import prepare
from castlist.pipeline.publish import publish
from castlist.report.formatting import short_line
from castlist.review.copies import Reviewed, carried_over
from castlist.review.proposed import proposals_of, same_question
from castlist.review.saving import save_apart, updating
from castlist.review.session_view import SessionView
from castlist.store import Workspace
from castlist.suggest.names import Proposal
from castlist.types import JsonObject

__all__ = ["Session"]


class Session(SessionView):
    """A workspace under review, made by `Session.open`; use it in a `with` statement. Thread-safe."""

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open a workspace for review.

        Raises:
            WorkspaceError: there is no workspace, it has no cast yet, or it is damaged.
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
        """Write the cast after the decisions and its report, and close the workspace.

        Without new decisions, a workspace that cannot be written is not an error.
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

    # Decisions

    @_former.keyword("seen", "revision")
    def decide(
        self, request: JsonObject, *, revision: int | None = None, author: str = "", action_id: str = ""
    ) -> int:
        """Make a decision; returns its number. It is then on disk and part of `view`.

        Args:
            request: `action` and its arguments, see actions.py.
            revision: the latest decision of the view that the user saw; None for the newest.
            action_id: see `decide_all`.

        Raises:
            Stale: other users decided since `revision`.
            InputError: the request is invalid.
        """
        return self.decide_all([request], revision=revision, author=author, action_id=action_id)[-1]

    def decide_all(
        self,
        requests: Sequence[JsonObject],
        *,
        revision: int | None = None,
        author: str = "",
        action_id: str = "",
    ) -> list[int]:
        """Make several decisions, each on the people after the ones before it: all of them or none.

        Args:
            requests: see `decide`; at least one.
            revision: see `decide`.
            action_id: an id for this action alone, such as a UUID, for a request that may be sent twice: if
                the log has decisions with this id, nothing is decided, and their numbers are returned.

        Returns:
            The numbers of the decisions, in their order.

        Raises:
            Stale: other users decided since `revision`.
            InputError: a request is invalid.
        """
        with self._lock:
            self.refresh()
            if known := self._known(action_id):
                return known
            self._current(revision)
            if not requests:
                raise InputError("name at least one decision")
            return self._added(*self._tried(requests, author), action_id)

    def _known(self, action_id: str) -> list[int]:
        """The numbers of the decisions in the log with this action id."""
        return [d.id for d in self._log if action_id and d.action == action_id]

    def _added(self, made: Sequence[Decision], view: View, action_id: str = "") -> list[int]:
        """Add decisions with the given view after them to the log as one action; returns their numbers."""
        action_id = action_id or (uuid4().hex if len(made) > 1 else "")
        made = [replace(d, action=action_id) for d in made]
        rows = self._workspace.decisions.added(made, revision=self.view.revision, scan_state=self._scan_state)
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
        """Undo a decision, by default all of the last action (or redo the last undo); returns a number.

        Args:
            decision: any row of the history; to undo an undo is to redo its decision.

        Raises:
            Stale: other users decided since `revision`.
            InputError: there is nothing to undo, or the decision is not in force.
        """
        decisions = None if decision is None else [decision]
        return self.undo_all(decisions, revision=revision, author=author, redo=redo)[-1]

    def undo_all(
        self,
        decisions: Sequence[int] | None = None,
        *,
        revision: int | None = None,
        author: str = "",
        redo: bool = False,
        action_id: str = "",
    ) -> list[int]:
        """Undo several decisions, by default all of the last action (or redo the last undo): all or none.

        Args:
            decisions: numbers of rows of the history, see `undo`; they are undone in this order.
            action_id: see `decide_all`.

        Returns:
            The numbers of the new rows.

        Raises:
            Stale: other users decided since `revision`.
            InputError: there is nothing to undo, or one of the decisions is not in force.
        """
        with self._lock:
            self.refresh()
            if known := self._known(action_id):
                return known
            self._current(revision)
            targets = decisions
            if targets is None:
                targets = action_to_redo(self._log) if redo else action_to_undo(self._log)
            if not len(targets):
                raise InputError(f"there is nothing to {'redo' if redo else 'undo'}")
            view, log = self.view, [*self._log]
            for target in targets:
                undo = Decision(DecisionKind.UNDO, undoes=target, author=author)
                undo, view = self._next(undo, view, log)
                log.append(undo)
            return self._added(log[len(self._log) :], view, action_id)

    def propose(self, found: Sequence[Proposal], source: str, author: str = "") -> list[Proposed]:
        """Store proposed names for people without names; nothing is decided.

        Args:
            found: result of `castlist.suggest.names.propose_names` for this session's view.
            source: the file's name, shown by the page.

        Returns:
            The stored proposals: without names that have no person, are in use, or were rejected for the
            person.

        Raises:
            InputError: the workspace has too many proposals.
        """
        with self._lock:
            view, before = self.refresh(), self._workspace.proposals.all()
            kept = proposals_of(found, self.base, self.video, view, source, author, before)
            self._workspace.proposals.put(kept)
            return kept

    @_former.keyword("seen", "revision")
    def accept(
        self, number: int, *, revision: int | None = None, author: str = "", action_id: str = ""
    ) -> int:
        """Accept a proposed name; returns the number of the decision that gives the name.

        Raises:
            Stale: other users decided since `revision`.
            InputError: there is no such open proposal, or another person has the name by now.
        """
        with self._lock:
            view, rows = self.refresh(), self._workspace.proposals.all()
            if known := self._known(action_id):
                return known[-1]
            self._current(revision)
            person, alike = same_question(rows, view, number)
            open_names = {row.folded for row in standing(rows, view).get(view.groups.index(person), ())}
            if alike[0].folded not in open_names:
                raise InputError(
                    f"{short_line(alike[0].name)!r} is not an open proposal any more; castlist propose "
                    "lists the open ones"
                )
            request = {"action": "name", "person": person.id, "name": alike[0].name}
            return self.decide(request, author=author, action_id=action_id)

    def reject(self, number: int) -> str:
        """Reject a proposed name, which is never proposed for that person again; returns a sentence about it.

        Raises:
            InputError: there is no such open proposal.
        """
        with self._lock:
            view, rows = self.refresh(), self._workspace.proposals.all()
            person, alike = same_question(rows, view, number)
            self._workspace.proposals.reject([row.id for row in alike])
            return short_line(f"{alike[0].name}: not {person.called}; never proposed for them again", 300)

    def reopen(self, number: int) -> str:
        """Undo a `reject`: the name is proposed for the person as before; returns a sentence about it.

        Raises:
            InputError: there is no such rejected proposal.
        """
        with self._lock:
            view, rows = self.refresh(), self._workspace.proposals.all()
            person, alike = same_question(rows, view, number, rejected=True)
            self._workspace.proposals.reopen([row.id for row in alike])
            return short_line(f"{alike[0].name}: proposed for {person.called} again", 300)

    def take_over(
        self, old: Path | str, *, offset: Fraction | None = None, trial: bool = False
    ) -> tuple[Alignment, Carried]:
        """Add the decisions of another copy of this film: another encoding or size, or with trimmed ends.

        Args:
            old: the workspace of the other copy; it is not changed.
            offset: seconds by which this copy runs later; estimated from the faces if None.
            trial: only report what would be done.

        Returns:
            The alignment of the copies, and the decisions added and left out, with reasons.

        Raises:
            InputError: the copies have too little in common, or `old` is this workspace.
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
                self._workspace.decisions.added(rows, revision=view.revision, scan_state=self._scan_state)
                self._take()
            return alignment, carried

    def save(self, *, apart: bool = False, ended: Callable[[], bool] = lambda: False) -> bool:
        """Write the current cast and its report; False if a run is at work there.

        Other users can read and decide meanwhile; their decisions are written now, or by the next call.

        Args:
            apart: write in a separate process, which runs while the machine is idle and leaves this process
                free to respond; another caller who saves without one ends it, and saves at once.
            ended: called repeatedly; when it returns True the separate process is ended, and False is
                returned.

        Raises:
            NotUpdated: the disk is full, or the folder cannot be written; decisions are safe.
            SaveKilled: the separate process was killed; the workspace is unchanged.
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
        """Let a saving process of low priority make way for this thread."""
        with self._lock:
            self._hurried += 1
        try:
            yield
        finally:
            with self._lock:
                self._hurried -= 1

    def film_found(self, path: Path) -> None:
        """Store the path of the film in the workspace; a workspace that cannot be written is left unchanged.

        Args:
            path: a file whose content was checked to be the film.
        """
        self.video = replace(self.video, path=path.absolute())
        with self._hurrying(), self._saving, suppress(WorkspaceError), Workspace.open(self.path) as opened:
            opened.put_video(self.video)

    def _publish(self) -> bool:
        try:
            with updating(self.path), Workspace.open(self.path) as opened:
                self.refresh()  # no scan or erasure can happen from now on
                publish(opened, self.base, self.video)
        except WorkspaceBusy:
            return False
        return True
