"""Text from workspaces and file names cannot control the terminal."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest
from click.testing import CliRunner

from castlist.cli import cli, run
from castlist.cli.output import sentence, visible
from castlist.io import plain_json

HOSTILE = [
    "\x1b[2J\x1b]52;c;cm0gLXJm\x07",
    "\x9b2J",
    "a\nb",
    "\u202egnp.exe",
    "[/red][bold]",
    "\r\x00",
    "\x7f",
]


@pytest.fixture(scope="module")
def strange(found_film, tmp_path_factory):
    """A workspace with control characters and rich's markup in every text column."""
    place = tmp_path_factory.mktemp("strange") / "film.castlist"
    shutil.copytree(found_film[1], place)
    text = "".join(HOSTILE)
    db = sqlite3.connect(place / "cast.db", isolation_level=None)
    db.execute("UPDATE tracks SET reason = ?", (text,))
    db.execute("UPDATE tracks SET fate = 'set aside', person = NULL WHERE id = 0")
    db.execute("UPDATE people SET name = ?, named = 1", (text,))
    db.execute(
        "UPDATE video SET path = ?, codec = ?, pixel_format = ?", (text.replace("\x00", ""), text, text)
    )
    db.execute("UPDATE runs SET version = ?, machine = ?", (text, json.dumps({"a": text})))
    db.close()
    return place


@pytest.mark.parametrize(
    "arguments",
    [["info"], ["info", "--json"], ["export", "--format", "json"], ["decide", "list"], ["decide", "history"]],
)
def test_text_of_a_stranger_cannot_steer_the_terminal(strange, arguments):
    verb, *rest = arguments
    result = CliRunner().invoke(cli, [verb, str(strange), *rest])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert not set(result.output) & set("\x1b\x07\x9b\x00\r\x7f")


@pytest.mark.parametrize("text", ["👩\u200d🎤", "می\u200cخواهم", "Zoë \u05d3\u05e0\u05d4"])
def test_names_of_other_scripts_are_shown_as_they_are(text):
    assert visible(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_visible_text_and_json(text):
    assert visible(text).isprintable()
    assert json.loads(plain_json.text({"a": text})) == {"a": text}
    assert not set(plain_json.text({"a": text})) & set("\x1b\x07\x9b\x00\r\x7f\u202e")


def test_errors_are_one_short_line(capfd):
    for name in ("x" * 5000, "a\nb\x1b[2J", "/".join(["d" * 200] * 20)):
        assert run(["info", name]) == 2
        said = capfd.readouterr().err
        assert said.count("\n") == 1
        assert len(said) < 700
        assert "\x1b" not in said
    assert len(sentence("a" * 100_000)) <= 600


def test_want_of_memory_that_a_library_calls_something_else_is_told_as_that():
    from castlist.cli import _short_of_memory

    cause = ImportError("libblas.so: failed to map segment from shared object")
    error = ImportError("The `scipy` install you are using seems to be broken")
    error.__cause__ = cause
    assert _short_of_memory(error)
    assert not _short_of_memory(ImportError("no module named x"))
    said = "Non-zero status code while running Conv node: Failed to allocate memory for requested buffer"
    assert _short_of_memory(RuntimeError(said))


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize("verb", ["info", "explain 0 1", "decide list", "decide history"])
def test_letters_that_the_terminal_lacks_become_question_marks(found_film, tmp_path, encoding, verb):
    place = shutil.copytree(found_film[1], tmp_path / "film.castlist")
    assert run(["decide", str(place), "name", "p1", "東京"]) == 0
    name, *rest = verb.split()
    result = subprocess.run(
        [sys.executable, "-m", "castlist", name, str(place), *rest],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert (result.returncode, result.stderr.startswith(b"castlist:")) == (0, False), result.stderr
    assert "?" in result.stdout.decode(encoding)


def test_actions_from_a_closed_standard_input_are_none(found_film, tmp_path):
    place = shutil.copytree(found_film[1], tmp_path / "film.castlist")
    command = f"'{sys.executable}' -m castlist decide '{place}' - <&-"
    result = subprocess.run(["bash", "-c", command], capture_output=True)
    assert (result.returncode, result.stderr) == (0, b"")
