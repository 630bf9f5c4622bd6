"""The page about the scores: its examples run, and it knows every function."""

import doctest
from pathlib import Path

import castlist.metrics as metrics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def test_the_examples_of_the_page():
    assert doctest.testfile(str(PAGE), module_relative=False).attempted >= 10
    assert doctest.testfile(str(PAGE), module_relative=False).failed == 0


def test_every_function_is_on_the_page():
    text = PAGE.read_text("utf-8")
    functions = [name for name in metrics.__all__ if name[0].islower()]
    assert len(functions) > 8
    for name in (*functions, "Scores", "Protocol"):
        assert f"`{name}" in text, name
