"""Laws of decisions, for every scan and every sequence of decisions, undos, runs and restarts.

The page, the stored cast, `decide list` and a replay from what is stored say the same; an undo gives the cast
before it; a decision about two faces holds until another decision changes it; a number is one person's.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from contextlib import ExitStack, closing, redirect_stdout
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from numpy.typing import NDArray
from programs import FACES, PLACES, base_of

from castlist.cli import run
from castlist.decisions import apply, completed_log, renumbered
from castlist.errors import InputError
from castlist.pipeline.publish import continued, previous, publish
from castlist.review import Session
from castlist.store import Workspace
from castlist.types import NOISE, Video

RUNS = int(os.environ.get("CASTLIST_LAWS", "12"))
PHASES = tuple(p for p in Phase if p != Phase.shrink) if os.environ.get("CASTLIST_LAWS") else tuple(Phase)
STEPS = int(os.environ.get("CASTLIST_LAW_STEPS", "12"))


LABELS = st.lists(st.integers(-1, 4), min_size=PLACES, max_size=PLACES)


class Review(RuleBasedStateMachine):
    """A workspace that is reviewed, run again and opened again."""

    @initialize(who=LABELS)
    def begin(self, who: list[int]) -> None:
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.path = Path(folder) / "film.castlist"
        size = Fraction(PLACES * FACES, 25)
        self.video = Video(self.path.parent / "film.mp4", 640, 360, Fraction(25), size, "d" * 40)
        with Workspace.open(self.path, create=True) as workspace:
            workspace.put_video(self.video)
        self.session: Session | None = None
        self.ever: dict[int, NDArray[np.int64]] = {}
        self.before: list[tuple[int, Any]] = []
        self.together: dict[frozenset[int], bool] = {}
        self.find(who, 0, 0)

    def find(self, who: list[int], cut: int, order: int) -> None:
        """What `castlist find` does with what the machine found."""
        if self.session is not None:
            self.session.close()
        with Workspace.open(self.path) as workspace:
            run = workspace.run_started("", version="0", models={})
            old = previous(workspace)
            if old is not None:
                workspace.decisions.complete(completed_log(old, self.video, workspace.decisions.all()))
            base = continued(base_of(who, cut, order), old, self.video, workspace.decisions.all())
            workspace.put("machine", f"run {run}", base)
            publish(workspace, base, self.video, run)
            workspace.run_finished(run, {}, {})
        self.session = Session.open(self.path)
        self.before.clear()

    @property
    def open(self) -> Session:
        assert self.session is not None
        return self.session

    # Looking

    def places(self, tracks: NDArray[np.int64]) -> frozenset[int]:
        return frozenset(self.open.base.tracks.shot[tracks].tolist())

    def people(self) -> dict[str, Any]:
        """All people by id: name, fate, and the frames with their faces."""
        t = self.open.base.tracks
        return {
            g.id: (g.name, g.fate, np.sort(np.concatenate([t.frame[t.rows(k)] for k in g.tracks])).tolist())
            for g in self.open.refresh().groups
        }

    def track(self, place: int) -> int:
        return int(np.flatnonzero(self.open.base.tracks.shot == place)[0])

    def decide(self, request: dict[str, Any]) -> bool:
        before = self.people()
        try:
            number = self.open.decide(request)
        except InputError as error:
            if "does not take" in str(error):  # the rule decides nothing, ever
                raise AssertionError(str(error)) from None
            return False
        assert self.open.sentence(number)
        self.before.append((number, before))
        return True

    # Deciding

    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        ids = [g.id for g in self.open.view.groups]
        if len(ids) > 1:
            chosen = data.draw(st.lists(st.sampled_from(ids), min_size=2, max_size=3, unique=True))
            if self.decide({"action": "merge", "people": chosen}):
                self.hold()

    @rule(a=st.integers(0, PLACES - 1), b=st.integers(0, PLACES - 1), same=st.booleans())
    def answer(self, a: int, b: int, same: bool) -> None:
        tracks = [self.track(a), self.track(b)]
        if a == b or (not same and (self.open.view.label[tracks] == NOISE).any()):
            return
        if self.decide({"action": "same" if same else "different", "tracks": tracks}):
            self.hold()
            label = self.open.view.label[tracks]
            assert (label[0] == label[1] != NOISE) == same

    @rule(places=st.lists(st.integers(0, PLACES - 1), min_size=1, max_size=3, unique=True), data=st.data())
    def move(self, places: list[int], data: st.DataObject) -> None:
        ids = [g.id for g in self.open.view.groups]
        tracks = [self.track(p) for p in places]
        if ids and data.draw(st.booleans()):
            done = self.decide(
                {"action": "move", "tracks": tracks, "person": data.draw(st.sampled_from(ids))}
            )
        else:
            done = self.decide({"action": "split", "tracks": tracks})
        if done:
            self.hold()

    @rule(data=st.data())
    def sort(self, data: st.DataObject) -> None:
        live = np.flatnonzero(self.open.view.label != NOISE).tolist()
        if len(live) < 2:
            return
        asked = data.draw(st.lists(st.sampled_from(live), min_size=1, max_size=3, unique=True))
        items = []
        for track in asked:
            others = [t for t in live if t != track]
            to = data.draw(st.one_of(st.none(), st.sampled_from(others)))
            item: dict[str, Any] = {"track": track, "to": to, "whole": data.draw(st.booleans())}
            items.append(item if to is not None else {**item, "not": others[:2]})
        if self.decide({"action": "sort", "items": items}):
            self.hold()

    @rule(data=st.data(), strangers=st.integers(0, 15))
    def check(self, data: st.DataObject, strangers: int) -> None:
        """A person is looked through: some tracks are marked as strangers, the others confirmed."""
        if not self.open.view.groups:
            return
        group = data.draw(st.sampled_from(self.open.view.groups))
        apart = [[t] for i, t in enumerate(group.tracks.tolist()) if strangers >> i & 1]
        if self.decide({"action": "check", "items": [{"person": group.id, "strangers": apart}]}):
            self.hold()

    @rule(data=st.data())
    def page(self, data: st.DataObject) -> None:
        """A page of "Who does not belong?": strangers, and what was set aside."""
        label, groups = self.open.view.label.copy(), self.open.view.groups
        live, aside = np.flatnonzero(label != NOISE).tolist(), np.flatnonzero(label == NOISE).tolist()
        if not live:
            return
        chosen = data.draw(st.lists(st.sampled_from(range(len(groups))), max_size=3, unique=True))
        leaving = [t for k in chosen for t in groups[k].tracks[1:].tolist() if data.draw(st.booleans())]
        others = {t: [o for o in live if label[o] != label[t]] for t in leaving}
        strangers = {t: data.draw(st.sampled_from([None, *others[t]])) for t in leaving}
        items = []
        for k in chosen:
            there = [(t, to) for t, to in strangers.items() if label[t] == k]
            apart = [[t] for t, to in there if to is None]
            moved = [{"tracks": [t], "to": to} for t, to in there if to is not None]
            items.append({"person": groups[k].id, "strangers": apart, "moved": moved})
        homes = {t: data.draw(st.sampled_from([None, *live])) for t in aside if data.draw(st.booleans())}
        back = [t if to is None else {"track": t, "to": to} for t, to in homes.items()]
        stay = [t for t in aside if t not in homes and data.draw(st.booleans())]
        if self.decide({"action": "check", "items": items, "back": back, "stay": stay}):
            self.hold()
            self.page_holds(chosen, strangers | homes, stay, label)

    def page_holds(
        self, chosen: list[int], moves: dict[int, int | None], stay: list[int], label: NDArray[np.int64]
    ) -> None:
        """The answer to a page holds: each track is where the answer put it, and the others are together."""
        now = self.open.view.label
        rest = {k: np.setdiff1d(np.flatnonzero(label == k), list(moves)) for k in range(int(label.max()) + 1)}
        assert all(len(np.unique(now[rest[k]])) == 1 and now[rest[k][0]] != NOISE for k in chosen)
        assert (now[stay] == NOISE).all()
        assert set(stay) <= set(self.open.view.unsure[:, 0].tolist())
        for track, to in moves.items():
            assert now[track] != NOISE
            if to is None:
                assert np.count_nonzero(now == now[track]) == 1
            else:
                assert now[track] == now[rest[int(label[to])][0]]

    @rule(data=st.data(), name=st.sampled_from(["Ann", "ann", "Bob", ""]))
    def name(self, data: st.DataObject, name: str) -> None:
        ids = [g.id for g in self.open.view.groups]
        if ids and self.decide({"action": "name", "person": data.draw(st.sampled_from(ids)), "name": name}):
            self.hold()
            names = [g.name.casefold() for g in self.open.view.groups if g.name]
            assert len(names) == len(set(names))

    @rule(
        action=st.sampled_from(
            ["not-a-face", "hide", "background", "foreground", "confirm", "reject", "restore", "key"]
        ),
        place=st.integers(0, PLACES - 1),
    )
    def fate(self, action: str, place: int) -> None:
        track = self.track(place)
        if action in ("background", "foreground"):
            label = int(self.open.view.label[track])
            request = {"action": action, "people": [self.open.view.groups[label].id] if label >= 0 else []}
        else:
            tracks = self.open.base.tracks
            start = int(1000 * self.open.base.clock.time(int(tracks.first[track]))) + 1
            request = {"action": action}
            request |= {"track": track, "ms": start} if action == "key" else {"tracks": [track]}
        if self.decide(request):
            self.hold()

    @rule()
    @precondition(lambda self: self.before)
    def undo(self) -> None:
        """An undo of the last decision gives the cast before it."""
        number, before = self.before.pop()
        self.open.undo(number)
        assert self.people() == before
        self.together.clear()

    @rule(data=st.data())
    def undo_any(self, data: st.DataObject) -> None:
        rows = [row["id"] for row in self.open.history() if not row["undone"]]
        if rows:
            try:
                self.open.undo(data.draw(st.sampled_from(rows)))
            except InputError:
                return
            self.before.clear()
            self.together.clear()

    # Running and restarting

    @rule()
    def restart(self) -> None:
        before = self.people()
        self.open.close()
        self.session = Session.open(self.path)
        assert self.people() == before

    @rule(who=LABELS, cut=st.integers(0, 2**PLACES - 1), order=st.integers(0, 3))
    def run_again(self, who: list[int], cut: int, order: int) -> None:
        state: Any = self.open.refresh().state
        own = state.label >= state.count  # tracks that joined without a decision may leave again
        decided = {g.number: self.places(g.tracks[own[g.tracks]]) for g in self.open.view.groups}
        halves: dict[int, set[int]] = {}
        for place, k in zip(self.open.base.tracks.shot.tolist(), self.open.view.label.tolist(), strict=True):
            halves.setdefault(place, set()).add(k)
        torn = {place for place, k in halves.items() if len(k) > 1}  # one track of the next run may hold both
        decided = {number: places - torn for number, places in decided.items() if places - torn}
        self.find(who, cut, order)
        now = {g.number: self.places(g.tracks) for g in self.open.view.groups}
        for number, places in decided.items():  # no person made by a decision loses a face
            assert places <= now[number], (number, places, now)

    @rule()
    def run_the_same(self) -> None:
        before = self.people()
        base = self.open.base
        self.open.close()
        with Workspace.open(self.path) as workspace:
            run = workspace.run_started("", version="0", models={})
            again = continued(base, previous(workspace), self.video, workspace.decisions.all())
            workspace.put("machine", f"run {run}", again)
            publish(workspace, again, self.video, run)
            workspace.run_finished(run, {}, {})
        self.session = Session.open(self.path)
        assert self.people() == before

    # What always holds

    def hold(self) -> None:
        """Remember of all pairs of decided places whether they are one person."""
        state: Any = self.open.view.state
        shot, label = self.open.base.tracks.shot.tolist(), self.open.view.label.tolist()
        owner: dict[int, set[int]] = {}
        for place, k, own in zip(shot, label, (state.label >= state.count).tolist(), strict=True):
            owner.setdefault(place, set()).add(k if own else NOISE)
        whole = {p: next(iter(k)) for p, k in owner.items() if len(k) == 1 and NOISE not in k}
        self.together = {frozenset((a, b)): whole[a] == whole[b] for a in whole for b in whole if a < b}

    @invariant()
    def everybody_says_the_same(self) -> None:
        if getattr(self, "session", None) is None:
            return
        page = self.people()
        with Workspace.open(self.path, write=False) as workspace:
            cast, log, base = workspace.cast(), workspace.decisions.all(), workspace.machine()
            counts = workspace.summary()["cast"]
        t = cast.tracks
        stored = {
            p.key: (p.name if p.named else "", p.fate,
                    np.sort(np.concatenate([t.frame[t.rows(k)] for k in p.tracks])).tolist())
            for p in cast.everybody
        }  # fmt: skip
        assert stored == page
        assert counts["people"] + counts["background"] == len(page)
        assert base is not None
        fresh = apply(base, self.video, log)
        assert [(g.id, g.name, g.fate, g.by, g.tracks.tolist()) for g in fresh.groups] == [
            (g.id, g.name, g.fate, g.by, g.tracks.tolist()) for g in self.open.view.groups
        ]
        assert fresh.redirect == self.open.view.redirect
        assert fresh.conflicts == self.open.view.conflicts

    @invariant()
    def every_number_is_one_person(self) -> None:
        if getattr(self, "session", None) is None:
            return
        numbers = [g.number for g in self.open.view.groups]
        assert len(numbers) == len(set(numbers))
        assert (
            sorted(t for g in self.open.view.groups for t in g.tracks.tolist())
            == np.flatnonzero(self.open.view.label != NOISE).tolist()
        )

    @invariant()
    def what_was_decided_holds(self) -> None:
        view = getattr(self, "session", None) and self.open.view
        if not view:
            return
        owner: dict[int, set[int]] = {}
        for t, k in enumerate(view.label.tolist()):
            owner.setdefault(int(self.open.base.tracks.shot[t]), set()).add(k)
        for pair, one in self.together.items():
            a, b = (owner[p] - {NOISE} for p in pair)
            if len(a) == len(b) == 1:
                assert (a == b) == one, (pair, one)

    def teardown(self) -> None:
        if getattr(self, "session", None) is not None:
            self.open.close()
            said = StringIO()
            with redirect_stdout(said):
                assert run(["decide", str(self.path), "list"]) == 0
            with Workspace.open(self.path, write=False) as workspace:
                listed = {p["id"]: p["tracks"] for p in json.loads(said.getvalue())}
                assert listed == {p.key: len(p.tracks) for p in workspace.cast().everybody}
            self.stack.close()
            shutil.rmtree(self.path.parent, ignore_errors=True)


def test_a_log_of_schema_1_means_what_its_page_showed(tmp_path: Path) -> None:
    """A merge by one face of each person merges all their tracks, and holds."""
    path = tmp_path / "film.castlist"
    video = Video(tmp_path / "film.mp4", 640, 360, Fraction(25), Fraction(72, 25), "d" * 40)

    def found(who: list[int]) -> dict[str, Any]:
        with Workspace.open(path, create=True) as workspace:
            workspace.put_video(video)
            run = workspace.run_started("", version="0", models={})
            old = previous(workspace)
            if old is not None:
                workspace.decisions.complete(completed_log(old, video, workspace.decisions.all()))
            base = renumbered(base_of(who, 0, 0, shift=0), old, workspace.decisions.all())
            workspace.put("machine", f"run {run}", base)
            cast = publish(workspace, base, video, run)
            workspace.run_finished(run, {}, {})
            return {p.name: p.tracks for p in cast.everybody}

    found([0, 0, 1, 1, 2, 2])
    with closing(sqlite3.connect(path / "cast.db")) as db, db:
        db.executescript((Path(__file__).parent / "schema1.sql").read_text("utf-8"))
    with Session.open(path) as session:
        assert {g.called: g.tracks.tolist() for g in session.view.groups} == {
            "Anna": [0, 1, 2, 3],
            "Person 3": [4, 5],
        }
        assert all(d.groups is not None for d in session._workspace.decisions.all() if d.kind != "undo")
    assert found([0, 1, 2, 3, 4, 5])["Anna"] == (0, 1, 2, 3)  # tracks that were together stay together


TestReview = Review.TestCase
TestReview.settings = settings(
    max_examples=RUNS, stateful_step_count=STEPS, deadline=None,
    phases=PHASES,
    suppress_health_check=list(HealthCheck), print_blob=False,
)  # fmt: skip
