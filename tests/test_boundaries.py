"""Allowed imports between packages: a package imports what is in this table, lazy imports included."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "castlist"
PLAIN = {
    "extras",
    "types",
    "errors",
    "vectors",
    "web_addresses",
    "boxes",
    "clock_times",
    "direction_marks",
    "progress",
    "argument_types",
    "background_thread",
    "child_process",
    "dark_pictures",
    "helper_thread",
    "low_light",
    "machine_limits",
    "name_forms",
    "noise",
    "own_process",
    "shell_words",
    "option_values",
    "outputs",
    "plain",
    "_version",
    "_former",
}  # every package may import these

ALLOWED: dict[str, set[str]] = {  # package -> packages it may import besides PLAIN
    "types": set(),
    "errors": {"extras"},
    "extras": set(),
    "vectors": set(),
    "progress": set(),
    "split": set(),
    "track": set(),
    "constrain": set(),
    "metrics": set(),
    "refine": set(),
    "cluster": set(),
    "models": set(),
    "timecode": set(),
    "drawn": set(),
    "decode": {"timecode"},
    "cues": {"embed", "cluster"},
    "detect": {"models"},
    "embed": {"models"},
    "proxy": {"decode"},
    "decisions": {"cast"},  # the meaning of decisions, without disk, page or pipeline
    "suggest": {
        "decisions",
        "cluster",
        "cast",  # for the best picture of a person
        "constrain",  # for co-occurrences of tracks that were set aside
    },
    "cast": {"interactive"},  # for a table, a picture or a decision that a user asks a cast for
    "store": {"cast", "decisions"},
    "render": {"decode"},
    "film_workspace": {"store", "decode"},
    "reel": {"decode", "render", "cast", "store"},
    "redact": {"decode", "detect", "track", "render", "cast", "store", "recipe", "models", "decisions"},
    "recipe": {"split", "detect", "track", "embed", "constrain", "refine", "cluster", "cues"},
}
CALLERS = {
    "interactive",
    "pipeline",
    "serve",
    "cli",
    "review",
    "report",
    "research",
    "io",
    "library",
}  # may import any package


def imports(file: Path) -> set[str]:
    """The packages that a file imports, inside functions too; imports for a type checker do not count."""
    tree = ast.parse(file.read_text("utf-8"))
    types_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and getattr(block.test, "id", "") == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    names = []
    for node in ast.walk(tree):
        if id(node) in types_only:
            continue
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "castlist":
            names += [f"castlist.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return {name.split(".")[1] for name in names if name.startswith("castlist.")}


def files(package: str) -> list[Path]:
    single = SOURCE / f"{package}.py"
    return [single] if single.exists() else sorted((SOURCE / package).rglob("*.py"))


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_a_package_imports_only_what_it_may(package: str) -> None:
    found = files(package)
    assert found, f"there is no package {package}"
    for file in found:
        stranger = imports(file) - ALLOWED[package] - PLAIN - {package}
        assert not stranger, f"{file.relative_to(SOURCE)} imports {sorted(stranger)}"


def test_every_package_has_its_place_in_one_table() -> None:
    packages = {p.stem for p in SOURCE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    listed = [*PLAIN, *(ALLOWED.keys() - PLAIN), *CALLERS]
    assert sorted(listed) == sorted(packages - {"__init__", "__main__"})


def test_the_store_only_stores_and_the_page_only_shows() -> None:
    for file in files("decisions"):
        assert "sqlite3" not in file.read_text("utf-8"), f"{file.name} must know no database"
    for package in ("store", "decisions", "suggest"):
        for file in files(package):
            assert not imports(file) & {"review", "pipeline", "cli"}, file.name


def test_nothing_below_imports_a_caller() -> None:
    packages = {p.stem if p.is_file() else p.name for p in SOURCE.iterdir() if p.suffix in ("", ".py")}
    for package in sorted(packages - CALLERS - {"__init__", "__main__", "__pycache__"}):
        for file in files(package):
            assert not imports(file) & {"pipeline", "cli", "review"}, f"{package}/{file.name}"


def test_the_research_wing_is_imported_by_its_verbs_alone() -> None:
    """Only `castlist bench`, `features`, `refine` and `score` need it; a film needs none of them."""
    doors = {SOURCE / "cli" / f"{verb}.py" for verb in ("bench", "features", "refine", "score")}
    for file in SOURCE.rglob("*.py"):
        if "research" in imports(file):
            assert file in doors or file.is_relative_to(SOURCE / "research"), file.relative_to(SOURCE)
