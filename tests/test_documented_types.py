"""The Python examples in README and docs have correct types, for users who run mypy --strict."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
OWN_STEPS = """
import numpy as np
from numpy.typing import NDArray

import castlist
from castlist.types import Detections


class Faces:
    model = "mine"

    def __call__(self, picture: NDArray[np.uint8], *, scale: float, machine: castlist.Machine) -> Detections:
        return Detections.empty()


class Chips:
    model: str = "mine"
    per_second = 1.0
    least = 3

    def __call__(self, faces: NDArray[np.uint8], *, machine: castlist.Machine) -> NDArray[np.float32]:
        return np.zeros((len(faces), 8), np.float32)


castlist.Recipe(detect=Faces(), embed=Chips())
"""


def programs(page: str) -> list[str]:
    """The programs of a page: a block that begins with an import begins a program; others continue it."""
    found: list[str] = []
    for block in BLOCK.findall(page):
        if ">>>" in block:
            continue
        if block.lstrip().startswith(("import ", "from ", "#")) or not found:
            found.append(block)
        else:
            found[-1] += block
    return found


def test_documented_python_passes_mypy_strict(tmp_path) -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    files = []
    for page in pages:
        for number, program in enumerate(programs(page.read_text("utf-8"))):
            file = tmp_path / f"{page.stem.replace('-', '_')}_{number}.py"
            file.write_text(program, "utf-8")
            files.append(str(file))
    assert len(files) > 15
    own = tmp_path / "own_steps.py"
    own.write_text(OWN_STEPS, "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    command += ["--cache-dir", str(ROOT / ".mypy_cache"), *files, str(own)]
    # In a separate process, since mypy raises the recursion limit of the process that runs it.
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
