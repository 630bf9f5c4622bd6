"""A comment is before its code or on the same line: not behind the last bracket of several lines."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEHIND = re.compile(r"^\s*[)\]}]+,?[ \t]+# (?!fmt:|noqa|type:|pragma)", re.MULTILINE)


def test_no_comment_stands_behind_a_closing_bracket() -> None:
    files = [path for folder in ("src", "benchmarks", "scripts") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 400
    assert [str(path.relative_to(ROOT)) for path in files if BEHIND.search(path.read_text("utf-8"))] == []


def test_such_a_comment_is_found() -> None:
    assert BEHIND.search("size = (\n    3\n)  # pixels\n")
    assert not BEHIND.search("size = (\n    3\n)  # fmt: skip\nwide = (3)  # pixels\n")
