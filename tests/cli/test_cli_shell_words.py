"""The message for a wrong word names the most similar valid words, or all."""

from __future__ import annotations

import pytest

from castlist.cli import decide, library, run
from castlist.shell_words import unknown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["decide", "film.castlist", "rename", "p1", "Anna"],
            "there is no action 'rename'; did you mean name?",
        ),
        (["decide", "film.castlist", "mege", "p1", "p2"], "there is no action 'mege'; did you mean merge?"),
        (["decide", "film.castlist", "frobnicate"], "choose from merge, split, move"),
        (["library", "rename", "season", "a", "b"], "there is no command 'rename'; did you mean name?"),
        (["library", "delete", "season"], "did you mean remove or forget?"),
        (["library", "quux", "season"], "there is no command 'quux'; choose from add, update"),
        (["export", "film.castlist", "--format", "fcpxm"], "there is no format 'fcpxm'; did you mean fcpxml"),
        (["find", "film.mp4", "--device", "gpu"], "there is no device 'gpu'; did you mean cuda?"),
        (["redact", "film.mp4", "--style", "blurr"], "there is no style 'blurr'; did you mean blur?"),
        (
            ["decide", "list", "film.castlist"],
            "write the workspace first and then the action: castlist decide film",
        ),
        (["decide", "film.castlist"], "Missing argument 'ACTION'. Choose from merge, split, move"),
        (["completion", "tcsh"], "there is no shell 'tcsh'; choose from bash"),
    ],
)
def test_what_was_meant_is_named(words, sentence, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film.castlist").mkdir()
    assert run(words) == 2
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1


def test_words_of_other_programs_lead_to_words_that_exist() -> None:
    assert {word for words in decide.MEANT.values() for word in words} <= set(decide.ACTIONS)
    assert not set(decide.MEANT) & set(decide.ACTIONS)
    commands = set(library.command.commands)
    assert {word for words in library.MEANT.values() for word in words} <= commands
    assert not set(library.MEANT) & commands


def test_a_long_word_is_cut() -> None:
    assert len(unknown("action", "x" * 5000, ["merge"])) < 200
