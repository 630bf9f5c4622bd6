"""The number of lines with the uninformative type `Any` is counted, and may only fall."""

from __future__ import annotations

import io
import tokenize
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "castlist"
# The imports; the type of a step (`Recipe.with_step`: known only at run time), rows of several readers
# (`store.rows`, `library.views`), and an annotation that the MCP library itself reads.
CEILING = 8


def lines_with_any(text: str) -> set[int]:
    """Numbers of the lines with the name, without comments and texts."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {t.start[0] for t in tokens if t.type == tokenize.NAME and t.string == "Any"}


def test_the_count_sees_names_and_no_prose() -> None:
    text = "from typing import Any\n\n# Any\nx: dict[str, Any] = {}  # Anything\ny = 'Any'\n"
    assert lines_with_any(text) == {1, 4}


def test_no_more_lines_say_any() -> None:
    found = [
        f"{file.relative_to(SOURCE)}:{line}"
        for file in sorted(SOURCE.rglob("*.py"))
        for line in sorted(lines_with_any(file.read_text("utf-8")))
    ]
    assert len(found) <= CEILING, f"{len(found)} lines say Any, {CEILING} may: {', '.join(found)}"
