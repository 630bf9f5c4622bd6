"""Reports of progress have a least interval."""

from __future__ import annotations

from castlist import progress


def test_a_word_is_due_so_many_seconds_after_the_one_before(monkeypatch):
    clock = iter([10.0, 10.1, 10.25, 10.4, 10.5])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    pace = progress.Pace(0.2)
    assert [pace.due() for _ in range(4)] == [False, True, False, True]
