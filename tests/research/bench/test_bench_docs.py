"""docs/bench.md and docs/baselines.md name only commands, options, methods and columns that exist."""

import re
import shlex
from pathlib import Path

import pytest
from bench_made import call, video

from castlist.cli.bench import command
from castlist.research.bench.methods import known
from castlist.research.bench.table import COLUMNS
from castlist.research.features import write

DOCS = Path(__file__).resolve().parents[3] / "docs"
TEXT = "\n".join((DOCS / name).read_text("utf-8") for name in ("bench.md", "baselines.md"))
COMMANDS = re.findall(r"^castlist bench (.*?)(?:\s+#.*)?$", TEXT, re.MULTILINE)
PROGRAMS = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_methods_of_ones_own_on_the_page_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(video(), Path("features") / "set.npz")
    Path("mine.py").write_text(PROGRAMS[0])
    (line,) = [line for line in COMMANDS if "mine.py" in line]
    result = call(*shlex.split(line.replace("ssiam", "k-means")), "--units", "track", "--clusters", "known")
    shown = [row.split()[:2] for row in result.stdout.splitlines() if row.startswith("  ")]
    assert ["my_means", "5"] in shown
    assert ["Ours", "1"] in shown


def test_there_are_commands():
    assert len(COMMANDS) >= 4


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_and_their_options_exist(line):
    name, *arguments = shlex.split(line)
    options = {o for p in command.commands[name].params for o in p.opts}
    assert {a for a in arguments if a.startswith("-")} <= options


def test_the_python_of_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("one", "two")):
        write(video(name, seed=seed), Path("features") / f"{name}.npz")
    block = PROGRAMS[1]
    exec(compile(block, "bench.md", "exec"), {})  # noqa: S102 - our own page
    said = capsys.readouterr().out
    assert "B-cubed F by track weighted by frames, the number of people not given" in said
    assert "All sets</h1>" in Path("bench.html").read_text("utf-8")


def test_every_column_is_explained():
    rows = [row.split("|") for row in TEXT.splitlines() if row.startswith("| ") and row.count("|") == 3]
    for _, heading, _ in COLUMNS:
        words = [w for w in re.split(r"[ .]+", heading) if w]
        assert any(all(w in row[1] for w in words) for row in rows), heading


def test_methods_named_in_the_text_exist():
    names = re.search(r"five methods of the slides: (.*?)\.\s", TEXT, re.DOTALL).group(1)
    assert set(re.findall(r"`(.*?)`", names)) <= set(known())


ROWS = [
    [cell.strip() for cell in row.split("|")[1:-1]]
    for row in (DOCS / "baselines.md").read_text("utf-8").split("## What they are")[1].splitlines()
    if row.startswith("| `")
]


def test_every_baseline_has_its_row_and_the_row_is_true():
    from castlist.research.baselines import BASELINES

    told = {}
    for names, *_, looks, finds, beyond, _ in ROWS:
        first, *more = [part.strip(" `") for part in names.split(",")]
        for name in (first, *(first.rpartition("-")[0] + m if m.startswith("-") else m for m in more)):
            told[name] = (looks, finds, beyond)
    assert set(told) == set(BASELINES)
    for name, (looks, finds, beyond) in told.items():
        method = BASELINES[name]
        assert (finds == "yes") == method.estimates_k, name
        assert int(beyond.replace(",", "")) == method().max_tracks, name
        assert ("cannot" in looks) == method.constrained, name
        assert {need for need in ("boxes", "times", "a second view") if need in looks} == method.needs, name
