"""One name, one meaning: no two modules define a class of the same name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "castlist"
SAME_MEANING = {  # the step of a recipe, and the same method as scikit-learn wants it
    "PseudoRF",
    "SSiam",
    "TSiam",
    "Ward",
}


def defined_twice(source: Path) -> dict[str, list[str]]:
    """Classes that more than one module defines, with these modules."""
    modules: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(source.rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                modules[node.name].append(path.relative_to(source).as_posix())
    return {name: found for name, found in modules.items() if len(found) > 1}


def test_no_class_has_the_name_of_another() -> None:
    assert {name: found for name, found in defined_twice(SOURCE).items() if name not in SAME_MEANING} == {}


def test_every_exception_is_still_needed() -> None:
    assert set(defined_twice(SOURCE)) >= SAME_MEANING


def test_a_name_taken_twice_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("class Found: ...\n")
    (tmp_path / "b.py").write_text("class Found: ...\nclass Other: ...\n")
    assert defined_twice(tmp_path) == {"Found": ["a.py", "b.py"]}
