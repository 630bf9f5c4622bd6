"""Each promise of docs/security.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
PAGE = (TESTS.parent / "docs" / "security.md").read_text("utf-8")


def test_every_test_that_a_promise_names_is_there():
    source = "\n".join(path.read_text("utf-8") for path in TESTS.rglob("test_*.py"))
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", PAGE))
    assert len(named) > 30
    assert [name for name in sorted(named) if f"def {name}(" not in source] == []
    files = set(re.findall(r"tests/[a-z_/0-9]+\.py", PAGE))
    assert [name for name in sorted(files) if not (TESTS.parent / name).is_file()] == []


def test_every_kind_of_the_campaign_that_a_promise_names_is_one():
    kinds = "\n".join(path.read_text("utf-8") for path in sorted((TESTS / "faults").glob("kinds_*.py")))
    known = set(re.findall(r'@kind\("([^"]+)"', kinds))
    for named in re.findall(r"campaign: ([^|;]+)", PAGE):
        for name in named.strip().split(", "):
            assert any(name in one for one in known), name


def test_every_row_has_a_test():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    for row in rows:
        last = row.rstrip(" |").rpartition("|")[2]
        assert "test" in last or "campaign" in last, row


def test_only_what_a_caller_gave_is_read_as_a_recipe_that_may_import():
    """A recipe from a workspace goes through Recipe.stored, wherever it is read."""
    source = TESTS.parent / "src" / "castlist"
    own = {
        "recipe.py",
        "library/work.py",
    }  # work.py: the caller's own recipe, sent to a process of the caller's
    found = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if "Recipe.parse(" in path.read_text("utf-8")
    }
    assert found <= own
