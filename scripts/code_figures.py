"""Print figures of the code: its size, lengths of functions, shares with types and with docstrings.

python scripts/code_figures.py               of this checkout
python scripts/code_figures.py OLD NEW       of two commits or branches, side by side

A function's lines are those without its docstring. Lines with Any are those with this name in the code.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tarfile
import tokenize
import tomllib
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def files_of(commit: str | None) -> dict[str, str]:
    """The package's modules and pyproject.toml, by path."""
    if commit is None:
        paths = [ROOT / "pyproject.toml", *sorted((ROOT / "src").rglob("*.py"))]
        return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in paths}
    command = ["git", "-C", str(ROOT), "archive", commit, "src", "pyproject.toml"]
    data = subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith((".py", ".toml")) else None
            if file is not None:
                found[member.name] = file.read().decode("utf-8")
    return found


def figures(files: dict[str, str]) -> dict[str, str]:
    """The table's rows, by name."""
    modules = {name: text for name, text in files.items() if name.endswith(".py")}
    trees = [ast.parse(text) for text in modules.values()]
    functions = [f for tree in trees for f in ast.walk(tree) if isinstance(f, Function)]
    sizes = sorted(map(lines_of, functions))
    longest = max(functions, key=lines_of)
    public = [d for tree in trees for d in public_definitions(tree)]
    told = sum(ast.get_docstring(d) is not None for d in public)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    return {
        "files": f"{len(modules):,}",
        "lines": f"{sum(text.count(chr(10)) for text in modules.values()):,}",
        "functions": f"{len(functions):,}",
        "lines of a function, median": f"{median(sizes):g}",
        "90 % of functions have at most": f"{sizes[int(0.9 * len(sizes))]}",
        "longest function": f"{sizes[-1]} ({longest.name})",
        "public docstrings": f"{told / len(public):.0%}",
        "lines that say Any": f"{sum(map(says_any, modules.values())):,}",
        "type: ignore": f"{sum(len(re.findall(r'# type: ignore', text)) for text in modules.values()):,}",
        "core requirements": f"{len(project['dependencies'])}",
    }


def lines_of(function: Function) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    skipped = (first.end_lineno or 0) - first.lineno + 1 if told and isinstance(first.value.value, str) else 0
    return (function.end_lineno or 0) - function.lineno + 1 - skipped


def public_definitions(tree: ast.Module) -> list[ast.ClassDef | Function]:
    """Public classes and functions at a module's top, and public methods of public classes."""
    top = [d for d in tree.body if isinstance(d, ast.ClassDef | Function) and not d.name.startswith("_")]
    classes = [d for d in top if isinstance(d, ast.ClassDef)]
    methods = [m for c in classes for m in c.body if isinstance(m, Function) and not m.name.startswith("_")]
    return [*top, *methods]


def says_any(text: str) -> int:
    """The number of lines with the name Any, without comments and texts."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return len({t.start[0] for t in tokens if t.type == tokenize.NAME and t.string == "Any"})


def main(commits: list[str]) -> None:
    tables = [figures(files_of(commit)) for commit in (commits or [None])]
    print(" | ".join(["", *(commits or ["this checkout"])]))
    for name in tables[-1]:
        print(" | ".join([name, *(table[name] for table in tables)]))


if __name__ == "__main__":
    main(sys.argv[1:])
