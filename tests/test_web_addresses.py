"""A web address in place of a file: the same message from Python and from the command line."""

from pathlib import Path

import pytest

import castlist
from castlist.cli import run
from castlist.errors import CastlistError
from castlist.outputs import check_output, check_output_folder
from castlist.research.bench import feature_files
from castlist.research.features import read
from castlist.research.truth import read_truth
from castlist.web_addresses import is_address, not_fetched

ADDRESS = "https://example.org/film.mp4"
READING = {
    "find": castlist.find,
    "find_all": lambda path: castlist.find_all([path]),
    "find, workspace": lambda path: castlist.find("film.mp4", workspace=path),
    "explain": lambda path: castlist.explain(path, "A", "B"),
    "rename": lambda path: castlist.rename(path, "A", "B"),
    "proposals": castlist.proposals,
    "Workspace": castlist.Workspace.open,
    "Library": castlist.Library,
    "Recipe": castlist.Recipe.read,
    "truth": read_truth,
    "features": read,
    "feature files": lambda path: feature_files([Path(path)]),
}


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize("name", READING)
def test_a_web_address_is_refused_in_the_same_sentence_everywhere(name, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CastlistError) as refused:
        READING[name](kind(ADDRESS))
    assert not_fetched(ADDRESS) in str(refused.value)
    assert ADDRESS in str(refused.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["find", "info", "review", "export"])
def test_the_command_line_says_it_alike(command, capsys):
    assert run([command, ADDRESS]) == 2
    assert not_fetched(ADDRESS) in capsys.readouterr().err


@pytest.mark.parametrize("check", [check_output, check_output_folder])
def test_nothing_is_written_to_a_web_address(check, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CastlistError, match="nothing is written to web addresses"):
        check(Path(ADDRESS))


def test_a_folder_named_like_a_scheme_is_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert is_address("rtsp://camera/1")
    assert not is_address("C:/film.mp4")
    assert not is_address("a/https://b")
    (tmp_path / "https:").mkdir()
    assert not is_address(ADDRESS)
