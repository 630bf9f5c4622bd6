"""Scripts and style sheets of the pages have short lines."""

from __future__ import annotations

from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "castlist"
LIMIT = 110  # characters, as for Python code and in .prettierrc.json


def long_lines(text: str) -> list[int]:
    """The numbers of the lines, from 1, of more than LIMIT characters."""
    return [number for number, line in enumerate(text.split("\n"), 1) if len(line) > LIMIT]


def test_no_line_of_a_script_or_style_sheet_is_long() -> None:
    files = sorted(path for kind in ("*.js", "*.css") for path in SOURCE.rglob(kind))
    assert len(files) > 30
    found = {path.relative_to(SOURCE).as_posix(): long_lines(path.read_text("utf-8")) for path in files}
    assert {name: numbers for name, numbers in found.items() if numbers} == {}


def test_a_long_line_is_found() -> None:
    assert long_lines("a" * LIMIT + "\n" + "é" * (LIMIT + 1) + "\nb") == [2]
