"""Names: no two modules define a class of the same name, and names are nouns."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "castlist"
SAME_MEANING = {  # the step of a recipe, and the same method in scikit-learn's form
    "PseudoRF",
    "SSiam",
    "SecondOrder",
    "TSiam",
    "TSiamSecondOrder",
    "Ward",
}


def defined_twice(source: Path) -> dict[str, list[str]]:
    """Classes that more than one module defines, with these modules."""
    modules: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(source.rglob("*.py")):
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef):
                modules[node.name].append(path.relative_to(source).as_posix())
    return {name: found for name, found in modules.items() if len(found) > 1}


def test_no_class_has_the_name_of_another() -> None:
    assert {name: found for name, found in defined_twice(SOURCE).items() if name not in SAME_MEANING} == {}


def test_every_exception_is_still_needed() -> None:
    assert set(defined_twice(SOURCE)) >= SAME_MEANING


def test_a_name_taken_twice_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("class Found: ...\n")
    (tmp_path / "b.py").write_text("class Found: ...\nclass Other: ...\n")
    assert defined_twice(tmp_path) == {"Found": ["a.py", "b.py"]}


GUIDE = SOURCE.parents[1] / "CONTRIBUTING.md"
PUBLIC = {  # names that users write, and names in files
    ("cast/table.py", "everybody"),  # a property of Cast
    ("cli/redact.py", "keep"),  # --keep
    ("drawn/films.py", "nobody"),  # names of drawn films: castlist demo
    ("drawn/films.py", "twins"),
    ("redact/redact.py", "keep"),  # redact(keep=...)
    ("research/bench/methods.py", "ours"),  # the method "castlist" of the tables
}


def wilful() -> frozenset[str]:
    """The words that CONTRIBUTING.md forbids as names."""
    found = re.search(
        r"These words are never the name of .*?: (`said`.*?)\.", GUIDE.read_text("utf-8"), re.DOTALL
    )
    assert found
    return frozenset(re.findall(r"`(\w+)`", found[1]))


def is_former(value: ast.expr) -> bool:
    """Whether an expression defines a former name by `_former`."""
    function = value.func if isinstance(value, ast.Call) else None
    owner = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id == "_former"


def named(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of each variable, argument and function, except fields and former names."""
    nodes = list(ast.walk(tree))
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    fields = {id(n.target) for c in classes for n in c.body if isinstance(n, ast.AnnAssign)}
    assigned = [node for node in nodes if isinstance(node, ast.Assign)]
    former = {id(t) for n in assigned if is_former(n.value) for t in n.targets}
    for node in nodes:
        if isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif (
            isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in fields | former
        ):
            yield node.lineno, node.id


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def forbidden(source: Path, words: frozenset[str]) -> dict[tuple[str, str], int]:
    """File, name and first line of each variable, argument and function with a forbidden name."""
    found: dict[tuple[str, str], int] = {}
    for path in sorted(source.rglob("*.py")):
        for line, name in named(parsed(path)):
            if name.strip("_") in words:
                found.setdefault((path.relative_to(source).as_posix(), name), line)
    return found


def test_no_name_is_a_pronoun_or_of_the_private_vocabulary() -> None:
    words = wilful()
    assert {"said", "who", "one", "something"} <= words
    assert {place: line for place, line in forbidden(SOURCE, words).items() if place not in PUBLIC} == {}


def test_every_public_exception_is_still_there() -> None:
    assert set(forbidden(SOURCE, wilful())) >= PUBLIC


def test_a_wilful_name_is_found_wherever_it_is_bound(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "class Row:\n    how: str\n    seen = _former.attribute('seen', 'revision')\n"
        "def said(who, *, own):\n    for one, track in own:\n        [mine for mine in track]\n"
        "    both += track\n"
    )
    found = forbidden(tmp_path, wilful())
    assert {name: line for (_, name), line in found.items()} == {
        "said": 4,
        "who": 4,
        "one": 5,
        "mine": 6,
        "both": 7,
    }


# Names that a script binds: in declarations, arguments of functions and arrows, and catch clauses.
BOUND = re.compile(
    r"\b(?:const|let|var)\s+(\w+|[\[{][^=;]*[\]}])\s*(?==|;|,|of\b|in\b)|,\s*(\w+) = |"
    r"\bfunction\s+(\w+)?\s*\(([^)]*)\)|\(([^()]*)\)\s*=>|\b(\w+)\s*=>|\bcatch \((\w+)\)"
)


def named_in_script(text: str) -> set[str]:
    """The names that a JavaScript binds, without those of fields."""
    code = re.sub(r"(^|\s)//[^\n]*", "", text)
    bound = (re.sub(r"\w+\s*:", "", part) for parts in BOUND.findall(code) for part in parts)
    return {name for part in bound for name in re.findall(r"[A-Za-z_]\w*", part)}


def test_no_name_of_a_script_is_a_pronoun_or_of_the_private_vocabulary() -> None:
    scripts = sorted(SOURCE.rglob("*.js"))
    assert len(scripts) > 20
    found = {path.name: named_in_script(path.read_text("utf-8")) & wilful() for path in scripts}
    assert {name: words for name, words in found.items() if words} == {}


def test_a_wilful_name_of_a_script_is_found_wherever_it_is_bound() -> None:
    script = """
    // const who = 1;
    const a = 1, told = 2, row = { how: a };
    for (const [name, what] of rows) f(({ seen }) => seen, (one, x) => x, it => it);
    function said(mine, d = rows) { try { f(); } catch (whom) { d.keep = 1; } }
    """
    names = named_in_script(script) & wilful()
    assert names == {"told", "what", "seen", "one", "it", "said", "mine", "whom"}
