"""Times as links, only in a terminal."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from terminal import in_a_terminal

from castlist.cli import links

LINK = re.compile(r"\x1b\]8;([^;]*);([^\x1b]*)\x1b\\")


def test_times_open_the_film_there_in_a_terminal_and_are_plain_elsewhere(two_people) -> None:
    place, film = str(two_people / "film.castlist"), (two_people / "film.mp4").as_uri()
    said = in_a_terminal("info", place)
    addresses = [uri for _, uri in LINK.findall(said) if uri]
    assert f"{film}#t=0.000" in addresses
    assert all(uri.startswith(f"{film}#t=") for uri in addresses)
    assert "0:00.0–" in LINK.sub("", said)
    plain = subprocess.run([sys.executable, "-m", "castlist", "info", place], capture_output=True, check=True)
    assert b"\x1b" not in plain.stdout
    assert "]8;" not in in_a_terminal("info", place, TERM="dumb")


@pytest.mark.parametrize(
    "name", ["a\x1b]8;;evil\x07.mp4", "b\x9b2J.mp4", "c\n\r.mp4", "\u202ed ü [x].mp4", "é" * 100]
)
def test_no_name_of_a_film_gets_out_of_its_address(name, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    film = tmp_path / name
    film.touch()
    text = links.linked("0:01.5", links.moment_uri(film, 1.5))
    ((_, uri), (_, end)) = LINK.findall(text)
    assert re.fullmatch(r"file://[!-~]+#t=1\.500", uri)
    assert not end
    assert LINK.sub("", text) == "0:01.5"


@pytest.mark.parametrize("path", ["gone.mp4", ".", "x" * 300, "a\x00b"])
def test_what_is_no_file_has_no_address(path, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert links.moment_uri(tmp_path / Path(path), 0) == ""
    assert links.linked("0:00.0", "") == "0:00.0"
