"""Every tuning constant of castlist has a comment with its origin."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    path = Path(__file__).parents[1] / "scripts" / "make_reference.py"
    spec = importlib.util.spec_from_file_location("make_reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_constant_has_an_origin(reference: ModuleType) -> None:
    found = list(reference.find_constants())
    assert len(found) > 300
    missing = [f"{row.module}.{row.name}" for row in found if not row.origin]
    assert not missing, f"say in a comment beside them what they are and where they come from: {missing}"


def test_a_constant_without_an_origin_is_found(reference: ModuleType, tmp_path, monkeypatch) -> None:
    package = tmp_path / "castlist"
    package.mkdir()
    (package / "a.py").write_text(
        "# of a film\nA = 3\nB = 2 * 8\nC = 1.5  # beside\nD = (1, -2)\nE = len('x')\nf = 3\n"
    )
    monkeypatch.setattr(reference, "SOURCE", package)
    found = [(row.name, row.value, row.origin) for row in reference.find_constants()]
    assert found == [
        ("A", "`3`", "of a film"),
        ("B", "`2 * 8`", ""),
        ("C", "`1.5`", "beside"),
        ("D", "`(1, -2)`", ""),
    ]
