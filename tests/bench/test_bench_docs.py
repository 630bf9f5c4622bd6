"""docs/bench.md and docs/baselines.md name only commands, options, methods and columns that exist."""

import re
import shlex
from pathlib import Path

import pytest

from castlist.bench.methods import known
from castlist.bench.table import COLUMNS
from castlist.cli.bench import command

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = "\n".join((DOCS / name).read_text("utf-8") for name in ("bench.md", "baselines.md"))
COMMANDS = re.findall(r"^castlist bench (.*?)(?:\s+#.*)?$", TEXT, re.MULTILINE)


def test_there_are_commands():
    assert len(COMMANDS) >= 4


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_and_their_options_exist(line):
    name, *arguments = shlex.split(line)
    options = {o for p in command.commands[name].params for o in p.opts}
    assert {a for a in arguments if a.startswith("-")} <= options


def test_every_column_is_explained():
    for _, heading, _ in COLUMNS:
        words = [w for w in re.split(r"[ .]+", heading) if w]
        assert any(all(w in row for w in words) for row in TEXT.splitlines() if row.startswith("| ")), heading


def test_methods_named_in_the_text_exist():
    names = re.search(r"slides' five: (.*?)\. ", TEXT, re.DOTALL).group(1)
    assert set(re.findall(r"`(.*?)`", names)) <= set(known())
