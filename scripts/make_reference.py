"""Write the pages of docs/ that are generated from the code: command line, recipe, models, constants.

python scripts/make_reference.py            write them
python scripts/make_reference.py --check    report pages that differ from the code (exit status 1)
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import click

from castlist.cli import cli
from castlist.models import MODELS
from castlist.recipe import CHOICES, Recipe

DOCS = Path(__file__).resolve().parents[1] / "docs"
SOURCE = DOCS.parent / "src" / "castlist"
COMMERCIAL = {True: "yes", False: "**no**"}
MADE = "<!-- Made by scripts/make_reference.py -->\n"


def commands() -> str:
    """Every command with its `--help`."""
    with click.Context(cli, info_name="castlist") as context:
        parts = [f"```text\n{cli.get_help(context)}\n```\n"]
        for name in cli.list_commands(context):
            parts += _verb(name, cli.get_command(context, name), context)
    return f"# Command line\n\n{MADE}\n" + "\n".join(parts)


def _verb(name: str, command: click.Command | None, parent: click.Context, level: int = 2) -> Iterator[str]:
    if command is None:
        return
    with click.Context(command, info_name=name, parent=parent) as context:
        yield f"{'#' * level} {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
        if isinstance(command, click.Group):
            for inner in command.list_commands(context):
                yield from _verb(inner, command.get_command(context, inner), context, level + 1)


def recipe() -> str:
    """Every step with its choices, options and defaults."""
    lines = [
        f"# Recipe\n\n{MADE}\nThe recipe has the options of every step of `castlist find`. Few users need "
        "it. Change one option by `castlist find film.mp4 --set track.max_gap=1`; or write the whole recipe "
        "to a file by `castlist recipe > mine.toml`, change it, and use it by `castlist find film.mp4 "
        "--recipe mine.toml`. `use` is one of the choices, or a class of your own as `package.module:Name` "
        "(such a recipe runs your code).\n"
    ]
    made = Recipe()
    for name, choices in CHOICES.items():
        step = getattr(made, name)
        lines.append(
            f"## {name}\n\n{_first_line(step)}\n\nChoices: {', '.join(f'`{c}`' for c in choices)}.\n"
        )
        options = [(f.name, getattr(step, f.name)) for f in fields(step)]
        if options:
            rows = "\n".join(f"| `{option}` | `{value!r}` |" for option, value in options)
            lines.append(f"| option | default |\n|---|---|\n{rows}\n")
    return "\n".join(lines)


def _first_line(step: object) -> str:
    return (type(step).__doc__ or "").strip().splitlines()[0]


def models() -> str:
    """A card for each model."""
    cards = [
        f"## {m.name}\n\n| | |\n|---|---|\n| task | face {m.task} |\n| source | {m.source} |\n"
        f"| licence of the weights | {m.licence} |\n| commercial use | {COMMERCIAL[m.commercial]} |\n"
        f"| trained on | {m.training_data} |\n| installed by | `{m.package}` |\n| SHA-256 | `{m.sha256}` |\n"
        for m in MODELS.values()
    ]
    return (
        f"# Models\n\n{MADE}\nThe models come inside installed packages, whose code is never run. Each is "
        "checked against its SHA-256 before it is opened. Face recognition makes more mistakes on some "
        "groups of "
        "people than on others: let a person check every result.\n\n" + "\n".join(cards)
    )


@dataclass(frozen=True, slots=True)
class Constant:
    """A tuning constant of the code."""

    module: str
    name: str
    value: str
    origin: str  # the comment beside or above it; "" if there is none


def constants() -> str:
    """Every numeric constant of the package, with its origin."""
    rows = list(find_constants())
    parts = [
        f"# Constants\n\n{MADE}\n*For researchers and contributors.* Every number by which castlist is "
        "tuned, and "
        "where it comes from, as the code says beside it. Options of steps are in [the "
        "recipe](recipe.md); how the "
        "larger ones were chosen, on which films and by which command, in [clustering](../cluster.md) and "
        "[refinement](../refine.md).\n"
    ]
    for module in dict.fromkeys(row.module for row in rows):
        table = "\n".join(
            f"| `{row.name}` | {row.value} | {row.origin} |" for row in rows if row.module == module
        )
        head = "| constant | value | what it is, and where it comes from |\n|---|---|---|"
        parts.append(f"## {module}\n\n{head}\n{table}\n")
    return "\n".join(parts)


def find_constants() -> Iterator[Constant]:
    """The numeric constants at the top of every module."""
    for path in sorted(SOURCE.rglob("*.py")):
        lines = path.read_text("utf-8").splitlines()
        module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse("\n".join(lines)).body:
            name, value = _assigned(node)
            if value is not None and name.lstrip("_").isupper() and _is_number(value):
                yield Constant(module, name, _short(ast.unparse(value)), _origin(lines, node))


def _assigned(node: ast.stmt) -> tuple[str, ast.expr | None]:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.value
    return "", None


def _is_number(value: ast.expr) -> bool:
    """Whether an expression consists only of numbers and operators."""
    joints = (ast.BinOp, ast.UnaryOp, ast.Tuple, ast.operator, ast.unaryop, ast.expr_context)
    parts = [part for part in ast.walk(value) if not isinstance(part, joints)]
    return bool(parts) and all(isinstance(p, ast.Constant) and type(p.value) in (int, float) for p in parts)


def _origin(lines: list[str], node: ast.stmt) -> str:
    """The comment beside a statement, or the one above it."""
    beside = [
        line.partition("#")[2].strip() for line in lines[node.lineno - 1 : node.end_lineno] if "#" in line
    ]
    first = node.lineno - 1
    while first and lines[first - 1].startswith("#"):
        first -= 1
    above = [line.lstrip("# ").strip() for line in lines[first : node.lineno - 1]]
    return " ".join([*above, *beside]).replace("|", "\\|")


def _short(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


PAGES = {
    "reference/constants.md": constants,
    "reference/cli.md": commands,
    "reference/recipe.md": recipe,
    "models/index.md": models,
}


def main() -> int:
    stale = [name for name, make in PAGES.items() if not _same(DOCS / name, make())]
    if "--check" in sys.argv[1:]:
        print(
            "\n".join(
                f"docs/{name} is not as the code says: python scripts/make_reference.py" for name in stale
            )
        )
        return bool(stale)
    for name in stale:
        (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / name).write_text(PAGES[name](), "utf-8")
    return 0


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
