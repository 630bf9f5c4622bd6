"""Things made in a second thread."""

import threading

import pytest

from castlist.refine.prefetch import DEPTH, prefetch


def test_same_things_in_order():
    assert list(prefetch(range(100))) == list(range(100))
    assert list(prefetch([])) == []
    assert list(prefetch([None, None])) == [None, None]


def test_what_goes_wrong_is_raised_after_what_went_well():
    def broken():
        yield 1
        raise KeyError("two")

    things = prefetch(broken())
    assert next(things) == 1
    with pytest.raises(KeyError, match="two"):
        next(things)


def test_leaving_early_ends_the_thread_and_makes_few_too_many():
    made = []

    def endless():
        while True:
            made.append(len(made))
            yield made[-1]

    before = threading.active_count()
    things = prefetch(endless())
    assert next(things) == 0
    things.close()
    assert threading.active_count() == before
    assert len(made) <= DEPTH + 3
