"""castlist sends no data to any server, and neither do the libraries that it uses."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import castlist

SOURCE = Path(castlist.__file__).parent
CODE = """
import os
from castlist import models
{before}
models.load("sface")
"""
# If one of these is set, onnxruntime sends nothing, and the test could not fail.
QUIET = ("ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "CI", "GITHUB_ACTIONS", "TF_BUILD", "GITLAB_CI")


BEFORE = (
    "",
    "os.environ['ORT_DISABLE_TELEMETRY'] = '0'",
    "import castlist.cli.doctor as d; d._providers()",
)


@pytest.mark.parametrize("before", BEFORE)
def test_a_model_that_runs_leaves_nothing_at_home(tmp_path, before):
    """Telemetry would store unsent reports and the machine's number in the home folder."""
    environment = {name: value for name, value in os.environ.items() if name not in QUIET}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", CODE.format(before=before)], check=True, env=environment)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == []


def test_only_one_place_imports_onnxruntime():
    """A second place could import onnxruntime first, with its telemetry on."""
    found = []
    for file in SOURCE.rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        for_types = {
            id(node)
            for test in ast.walk(tree)
            if isinstance(test, ast.If) and ast.unparse(test.test) == "TYPE_CHECKING"
            for node in ast.walk(test)
        }
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "onnxruntime" for name in names) and id(node) not in for_types:
                found.append(file.relative_to(SOURCE).as_posix())
    assert found == ["models/runtime.py"]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_the_browser_that_prints_a_sheet_looks_up_no_name(tmp_path, monkeypatch):
    """A browser's own requests also happen while it prints."""
    from castlist.cli import sheet

    log = tmp_path / "network.json"
    monkeypatch.setattr(sheet, "FLAGS", (*sheet.FLAGS, f"--log-net-log={log}"))
    sheet._printed("<p>Cast", tmp_path / "sheet.pdf", 1)
    noted = json.loads(log.read_text("utf-8"))
    names = {number: name for name, number in noted["constants"]["logEventTypes"].items()}
    asked = {names[event["type"]] for event in noted["events"]}
    assert asked
    assert {name for name in asked if name.startswith("DNS_TRANSACTION") or name.endswith("_TASK")} == set()
