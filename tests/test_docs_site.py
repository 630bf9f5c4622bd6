"""The documents: built strictly; generated pages are current; the tutorials' commands run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from castlist.cli import cli

ROOT = Path(__file__).resolve().parents[1]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


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


NAMED_FILE = re.compile(r"\b(?:benchmarks|docs|scripts|src|tests)/[\w/.-]+\.(?:ipynb|js|json|md|py|txt)\b")


def test_every_file_of_the_repository_that_code_or_documents_name_exists():
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.py")]
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in texts
        if path.name != "CHANGELOG.md"  # CHANGELOG also names files of earlier versions
        for name in NAMED_FILE.findall(path.read_text("utf-8"))
    }
    assert len(named) > 100
    assert {(path, name) for path, name in named if not (ROOT / name).exists()} == set()


@pytest.fixture(scope="module")
def place(small_film, tmp_path_factory):
    """A folder with film.mp4, its truth and its workspace, as after the first step of every tutorial."""
    from castlist import find

    folder = tmp_path_factory.mktemp("tutorial")
    shutil.copy(small_film[0], folder / "film.mp4")
    small_film[1].write_csv(folder / "film.truth.csv")
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


def shown_commands() -> list[str]:
    """The commands of console blocks that a test cannot run: those that need a browser or other files."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    blocks = [text for page in pages for text in CONSOLE.findall(page.read_text("utf-8"))]
    return sorted({line[2:] for text in blocks for line in text.splitlines() if line.startswith("$ ")})


def parsed(line: str) -> None:
    """Raise if castlist has no such command, option or choice, or takes fewer or more arguments."""
    name, *words = shlex.split(line, comments=True)
    assert name == "castlist"
    command: click.Command = cli
    context = click.Context(cli, info_name=name)
    while isinstance(command, click.Group):
        verb, command, words = command.resolve_command(context, words)
        assert command is not None
        context = click.Context(command, context, info_name=verb)
    given, left, _ = command.make_parser(context).parse_args(words)
    assert not left
    for option in command.params:
        value = given.get(option.name)
        if option.required:
            assert isinstance(value, (str, list, tuple)), f"{option.name} is missing"
            assert value, f"{option.name} is empty"
        if isinstance(option.type, click.Choice) and isinstance(value, str):
            option.type.convert(value, option, context)


@pytest.mark.parametrize("line", shown_commands())
def test_every_command_that_is_only_shown_is_a_command(line):
    parsed(line)


@pytest.mark.parametrize(
    "line",
    [
        *("castlist revue film.castlist", "castlist info", "castlist review a b", "castlist review a --no"),
        *("castlist refine a.npz --method none-such", "castlist bench paper --data features/"),
    ],
)
def test_a_command_that_does_not_exist_is_found(line):
    with pytest.raises((click.UsageError, AssertionError)):
        parsed(line)
