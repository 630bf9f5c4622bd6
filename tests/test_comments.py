"""Comments and docstrings: where they stand, and that they name people by nouns."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEHIND = re.compile(r"^\s*[)\]}]+,?[ \t]+# (?!fmt:|noqa|type:|pragma)", re.MULTILINE)
PRONOUN = re.compile(r"\b(somebody|someone|everybody|everyone|nobody|whoever|whom|whomever)\b", re.IGNORECASE)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def prose(text: str) -> Iterator[str]:
    """The comments and docstrings of a module."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED):
            yield ast.get_docstring(node) or ""


def test_no_comment_stands_behind_a_closing_bracket() -> None:
    files = [path for folder in ("src", "benchmarks", "scripts") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 400
    assert [str(path.relative_to(ROOT)) for path in files if BEHIND.search(path.read_text("utf-8"))] == []


def test_such_a_comment_is_found() -> None:
    assert BEHIND.search("size = (\n    3\n)  # pixels\n")
    assert not BEHIND.search("size = (\n    3\n)  # fmt: skip\nwide = (3)  # pixels\n")


def test_comments_and_docstrings_name_people_by_nouns() -> None:
    """A person, another person, the reviewer, a user: as CONTRIBUTING.md wants it."""
    files = [path for folder in ("src", "scripts") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 400
    found = [
        f"{path.relative_to(ROOT)}: {part.strip()}"
        for path in files
        for part in prose(path.read_text("utf-8"))
        if PRONOUN.search(part)
    ]
    assert found == []


def test_such_a_pronoun_is_found() -> None:
    module = '"""Whom a track shows."""\n\nsize = 3  # of somebody\nlabel = "nobody"\n'
    assert [part for part in prose(module) if PRONOUN.search(part)] == [
        "# of somebody",
        "Whom a track shows.",
    ]
