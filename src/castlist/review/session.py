"""One review of a workspace, shared by all pages that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

from castlist import _former
from castlist.decisions import (
    Alignment,
    Carried,
    Decision,
    DecisionKind,
    Proposed,
    View,
    apply,
    numbered,
    standing,
    to_redo,
    to_undo,
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
    """A workspace under review. Made by `Session.open`; use it in a `with` statement. Safe among threads."""

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

    def _added(self, made: Sequence[Decision], view: View) -> list[int]:
        """Add rows to the log, after which the people are those of this view; their numbers."""
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
                    f"{short_line(alike[0].name)!r} is not an open proposal any more; castlist propose "
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
            return short_line(f"{alike[0].name}: not {person.called}; never proposed for them again", 300)

    def reopen(self, number: int) -> str:
        """Take back a `reject`: the name is proposed for that person as before. What was said, in words.

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
                self._workspace.decisions.added(rows, revision=view.revision, scan_state=self._scan_state)
                self._take()
            return alignment, carried

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
