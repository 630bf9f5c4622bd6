"""The documents: built strictly, what follows from the code is current, and the tutorials' commands run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_site_is_built_without_a_broken_link(tmp_path):
    pytest.importorskip("mkdocs", reason="pip install '.[docs]'")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path / "site")]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / "index.html").exists()


def test_references_are_as_the_code_says():
    command = [sys.executable, "scripts/make_reference.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def place(small_film, tmp_path_factory):
    """A folder with film.mp4 and its workspace, as after the first step of every tutorial."""
    from castlist import find

    folder = tmp_path_factory.mktemp("tutorial")
    shutil.copy(small_film[0], folder / "film.mp4")
    find(folder / "film.mp4")
    return folder


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_every_command_of_a_tutorial_runs(page, place, tmp_path):
    folder = tmp_path / "here"
    shutil.copytree(place, folder)
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "castlist"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m castlist "$@"\n')
    script.chmod(0o755)
    path = f"{script.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    blocks = BLOCK.findall(page.read_text("utf-8"))
    assert len(blocks) >= 2
    for kind, text in blocks:
        command = ["bash", "-e", "-c", text] if kind == "sh" else [sys.executable, "-c", text]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, env=os.environ | {"PATH": path}
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
