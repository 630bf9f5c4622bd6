"""Detection ahead: the results are those of the sampler alone, whichever thread does the work."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from castlist.detect import LookAhead, Sampling
from castlist.embed import SFace
from castlist.helper_thread import HelperThread
from castlist.pipeline.scan import embed_chips
from castlist.types import Detections, Machine

ONE = Machine(threads=1)


class Squares:
    """A detector that finds the boxes written in the first pixels of a picture, by its size, and counts."""

    model = "squares"

    def __init__(self):
        self.looks = []

    def __call__(self, image, *, scale=1.0, machine=ONE):
        self.looks.append((int(image[0, 0, 0]), scale))
        rows = [row for row in image[1:].astype(int) if row[0, 0] and (row[0, 1] < 2 or scale > 1)]
        boxes = np.array([[row[0, 0], 10, row[0, 0] + 20, 30] for row in rows], np.float32).reshape(-1, 4)
        return Detections([0] * len(boxes), boxes, [0.9] * len(boxes), np.zeros((len(boxes), 5, 2)))


def film(shots):
    """Pictures (8, 160, 3) and signals of shots, each a list of the faces' places frame by frame."""
    frames = [(level, places) for level, shot in enumerate(shots) for places in shot]
    for number, (level, places) in enumerate(frames):
        image = np.zeros((8, 160, 3), np.uint8)
        image[0] = number
        for row, (place, small) in enumerate(places, 1):
            image[row] = place, 2 * small, 0
        yield number, image, np.full(8, 40 * (level % 2), np.uint8)


def found(watcher, frames, rate):
    rows = []
    for number, image, signal in frames:
        rows += watcher.see(number, number / rate, lambda image=image: image, signal)
    rows += watcher.finish()
    return [(int(f.frame[0]), f.box.tolist()) for f in rows]


faces = st.lists(st.tuples(st.integers(1, 130), st.booleans()), max_size=3)
shots = st.lists(st.lists(faces, min_size=1, max_size=40), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(shots=shots, rate=st.sampled_from([1, 12, 24, 60]), lag=st.integers(1, 9))
def test_what_is_found_does_not_depend_on_who_looks_and_when(shots, rate, lag):
    look, frames = Sampling(side=160, other_sides=(80, 320)), list(film(shots))
    alone = found(look.watch(Squares()), frames, rate)
    with HelperThread() as helper:
        assert found(LookAhead(look, Squares(), ONE, helper, lag), frames, rate) == alone


def test_on_quiet_film_no_look_is_taken_in_vain():
    look, frames = Sampling(side=160, other_sides=(320,)), list(film([[[(50, False)]] * 30, [[]] * 30]))
    alone, ahead = Squares(), Squares()
    found(look.watch(alone), frames, 24)
    with HelperThread() as helper:
        found(LookAhead(look, ahead, ONE, helper, 8), frames, 24)
    assert sorted(ahead.looks) == sorted(alone.looks)


def test_an_error_of_the_detector_reaches_the_caller():
    class Broken(Squares):
        def __call__(self, image, *, scale=1.0, machine=ONE):
            raise MemoryError("no room")

    with HelperThread() as helper, pytest.raises(MemoryError, match="no room"):
        found(LookAhead(Sampling(), Broken(), ONE, helper, 4), film([[[]] * 12]), 24)


def test_a_task_is_done_once_by_the_helper_or_by_who_asks():
    calls, hold = [], threading.Event()
    with HelperThread() as helper:
        busy = helper.do(hold.wait)  # the helper is at work
        tasks = [helper.do(lambda i=i: calls.append((i, threading.get_ident())) or i) for i in range(3)]
        assert [task.result() for task in tasks] == [0, 1, 2]  # so the caller does them
        assert {thread for _, thread in calls} == {threading.get_ident()}
        hold.set()
        assert busy.result()
        assert [task.result() for task in tasks] == [0, 1, 2]
    assert [i for i, _ in calls] == [0, 1, 2]


def test_first_what_was_asked_for_then_the_newest_that_may_be_needed():
    order, hold, begun = [], threading.Event(), threading.Event()

    def wait():
        begun.set()
        hold.wait()

    with HelperThread() as helper:
        helper.do(wait)
        begun.wait()
        ahead = [helper.ahead(lambda i=i: order.append(i)) for i in (1, 2, 3)]
        last = helper.do(lambda: order.append(0))
        ahead[1].drop()
        hold.set()
        while len(order) < 3:
            time.sleep(0.001)
        last.result()
    assert order == [0, 3, 1]


def test_who_waits_for_a_task_does_looks_and_parts_meanwhile():
    hold, begun, done = threading.Event(), threading.Event(), []

    def wait():
        begun.set()
        return hold.wait()

    def work(name):
        done.append((name, threading.get_ident()))
        if len(done) == 3:
            hold.set()  # only then does the helper come to an end

    with HelperThread() as helper:
        awaited = helper.do(wait)
        begun.wait()
        for name in ("look 1", "look 2"):
            helper.ahead(lambda name=name: work(name))
        helper.part(lambda: work("part"))
        assert awaited.result()
    here = threading.get_ident()
    assert done == [("look 1", here), ("look 2", here), ("part", here)]


def test_a_part_that_is_added_later_is_done_by_whoever_waits_for_the_whole():
    waits, shared = threading.Event(), threading.Event()

    class Told(HelperThread):
        def _short(self, done):
            waits.set()
            return super()._short(done)

    with Told() as helper:

        def whole():
            assert waits.wait(10)  # the caller found nothing to do, so far
            part = helper.part(lambda: shared.set() or threading.get_ident())
            assert shared.wait(10)  # by the caller: this thread does nothing but wait
            return part.result()

        task = helper.do(whole)
        while helper._first:
            time.sleep(0.001)
        assert task.result() == threading.get_ident()


def test_who_waits_in_vain_for_parts_goes_on_once_the_whole_is_done():
    waits = threading.Event()

    class Told(HelperThread):
        def _short(self, done):
            waits.set()
            return super()._short(done)

    with Told() as helper:
        for outcome in (7, KeyError("no face")):

            def whole(outcome=outcome):
                assert waits.wait(10)
                if isinstance(outcome, KeyError):
                    raise outcome
                return outcome

            waits.clear()
            task = helper.do(whole)
            while helper._first:
                time.sleep(0.001)
            if outcome == 7:
                assert task.result() == 7
            else:
                with pytest.raises(KeyError, match="no face"):
                    task.result()


def test_nobody_who_waits_begins_another_whole_task():
    hold, begun, whole = threading.Event(), threading.Event(), []

    def wait():
        begun.set()
        return hold.wait()

    with HelperThread() as helper:
        awaited = helper.do(wait)
        begun.wait()
        other = helper.do(lambda: whole.append(threading.get_ident()))
        threading.Timer(0.01, hold.set).start()
        assert awaited.result()
        other.result()
    assert len(whole) == 1


def test_an_interruption_in_a_task_that_is_not_awaited_ends_the_wait():
    hold, begun = threading.Event(), threading.Event()

    def wait():
        begun.set()
        hold.wait()

    def interrupt():
        raise KeyboardInterrupt

    with HelperThread() as helper:
        awaited = helper.do(wait)
        begun.wait()
        helper.part(interrupt)
        try:
            with pytest.raises(KeyboardInterrupt):
                awaited.result()
        finally:
            hold.set()


@pytest.mark.parametrize("n", [0, 1, 3, 4, 5, 9])
def test_faces_embedded_in_parts_have_the_vectors_that_they_have_together(n):
    chips = list(np.random.default_rng(n).integers(0, 255, (n, 112, 112, 3), np.uint8))
    with HelperThread() as helper:
        parts = embed_chips(SFace(), chips, ONE, helper)
    together = SFace()(np.array(chips).reshape(-1, 112, 112, 3), machine=ONE)
    assert len(parts) == n
    assert n == 0 or (parts == together).all()


def test_the_helper_ends_with_the_block_and_begins_nothing_more():
    hold, begun, late = threading.Event(), threading.Event(), []

    class Last(HelperThread):
        def __exit__(self, *error):
            threading.Thread(target=super().__exit__, args=error).start()
            while not self._closed:
                time.sleep(0.001)
            hold.set()
            self._thread.join()

    def wait():
        begun.set()
        hold.wait()

    with Last() as helper:
        helper.do(wait)
        task = helper.ahead(lambda: late.append(1))
        begun.wait()
    task.run()
    assert late == []
