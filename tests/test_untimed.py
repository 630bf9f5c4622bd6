"""No test is timed: a Hypothesis test has no deadline (200 ms by default), which a busy machine exceeds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent


def timed(tree: ast.AST) -> Iterator[str]:
    """The names of functions with `@given` and without `deadline=None`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            given = any(text.startswith("given(") for text in decorators)
            if given and not any("deadline=None" in text for text in decorators):
                yield node.name


def test_a_test_with_a_deadline_is_found() -> None:
    text = "@settings(deadline=None)\n@given(x)\ndef a(): ...\n\n\n@given(x)\ndef b(): ...\n"
    assert list(timed(ast.parse(text))) == ["b"]


def test_no_test_has_a_deadline() -> None:
    found = [
        f"{file.relative_to(TESTS)}: {name} needs @settings(deadline=None)"
        for file in sorted(TESTS.rglob("*.py"))
        for name in timed(ast.parse(file.read_text("utf-8")))
    ]
    assert not found
