"""docs/refine.md names only methods, options and values that exist."""

import ast
import importlib
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from castlist.cli.refine import METHODS, command
from castlist.refine import RECIPES, REFINERS, SSiam, TSiam

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "refine.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ castlist refine (.*)$", TEXT, re.MULTILINE)
PYTHON = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_there_is_something_to_check():
    assert len(COMMANDS) >= 2
    assert len(PYTHON) >= 2


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_and_their_options_exist(line):
    arguments = shlex.split(line)
    options = {o for p in command.params for o in p.opts}
    assert {a for a in arguments if a.startswith("-")} <= options
    assert {"--check", "-o"} & set(arguments)
    if "--method" in arguments:
        assert arguments[arguments.index("--method") + 1] in METHODS


@pytest.mark.parametrize("block", PYTHON)
def test_imports_exist(block):
    for node in ast.walk(ast.parse(block)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module)
            assert all(hasattr(module, name.name) for name in node.names)


def test_the_recipes_are_as_the_table_says():
    rows = re.findall(
        r"^\| `(\w+)` \| `?([\w.]+)`?(?: \(.*?\))? \| `?([\w.]+)`?(?: \(.*?\))? \|", TEXT, re.MULTILINE
    )
    table = {name: (paper, ours) for name, paper, ours in rows if name in RECIPES["paper"]}
    assert table.keys() == RECIPES["paper"].keys()
    for name, values in table.items():
        for recipe, said in zip(("paper", "castlist"), values, strict=True):
            value = RECIPES[recipe][name]
            assert said == value if isinstance(value, str) else float(said) == value


def test_every_method_and_option_is_explained():
    assert set(METHODS) == set(REFINERS) - {"none"}
    for method in METHODS:
        assert f"`{method}`" in TEXT, method
    named = set(re.findall(r"\w+", TEXT))
    assert {f.name for step in (SSiam, TSiam) for f in fields(step)} - {"output", "seed"} <= named | {
        "batch", "hidden", "negatives", "positives", "singletons", "weight_decay", "far_tracks", "mean",
    }  # fmt: skip
