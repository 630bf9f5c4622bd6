"""The `Args:` of a docstring are arguments of its function."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "castlist"


def described(docstring: str) -> list[str]:
    """The names under `Args:`: "a, b: (n,) text" describes a and b."""
    _, _, section = docstring.partition("Args:\n")
    lines = re.split(r"\n\s*\n|\n(?=\S)", section)[0].splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    entries = [re.match(rf"^ {{{indent}}}(\**[a-z_]\w*(?:, [a-z_]\w*)*):", line) for line in lines]
    return [name.strip(" *") for entry in entries if entry for name in entry[1].split(",")]


def arguments(node: ast.AST) -> set[str] | None:
    """The names of a function's arguments, or of a class's fields and its constructor's arguments."""
    if isinstance(node, ast.ClassDef):
        fields = {
            x.target.id for x in node.body if isinstance(x, ast.AnnAssign) and isinstance(x.target, ast.Name)
        }
        made = [arguments(x) for x in node.body if isinstance(x, ast.FunctionDef) and x.name == "__init__"]
        return fields.union(*(names or set() for names in made))
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    a = node.args
    every = [
        *a.posonlyargs,
        *a.args,
        *a.kwonlyargs,
        *([a.vararg] if a.vararg else []),
        *([a.kwarg] if a.kwarg else []),
    ]
    return {x.arg for x in every}


def strangers(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """(function or class, described name that is no argument)."""
    for node in ast.walk(tree):
        names = arguments(node)
        text = ast.get_docstring(node) if names is not None else None
        for name in described(text or ""):
            if name not in (names or ()):
                yield getattr(node, "name", ""), name


def test_a_name_that_is_no_argument_is_found() -> None:
    text = '"""Do.\n\n    Args:\n        size, length: (n,) of each.\n        rest: more.\n    """'
    text = f"def f(size, *rest):\n    {text}"
    assert list(strangers(ast.parse(text))) == [("f", "length")]


def test_docstrings_describe_arguments_that_are_there() -> None:
    found = [
        f"{file.relative_to(SOURCE)}: {function} has no argument {name}"
        for file in sorted(SOURCE.rglob("*.py"))
        for function, name in strangers(ast.parse(file.read_text("utf-8")))
    ]
    assert not found
