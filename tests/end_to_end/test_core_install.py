"""What `pip install castlist` alone brings is enough for films; what it lacks is named in one sentence."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from castlist.research.features._matlab import SIGNATURE

ROOT = Path(__file__).parents[2]
FEATURES = ("h5py", "safetensors", "sklearn")
CORE_ONLY = (
    f"import sys; sys.modules.update(dict.fromkeys({FEATURES!r}));"
    "from castlist.cli import run; sys.exit(run(sys.argv[1:]))"
)


def castlist(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CORE_ONLY, *map(str, words)], capture_output=True, text=True, timeout=300
    )


def test_films_need_no_optional_part(small_film, tmp_path) -> None:
    place = tmp_path / "film.castlist"
    for words in (
        ["find", small_film[0], "--out", place, "--quiet"],
        ["decide", place, "name", "Person 1", "Anna"],
        ["export", place, "-o", tmp_path / "cast.csv"],
        ["report", place],
        ["features", place, "-o", tmp_path / "film.npz"],
    ):
        done = castlist(*words)
        assert done.returncode == 0, (words, done.stderr)
    assert "Anna" in (tmp_path / "cast.csv").read_text()


@pytest.mark.parametrize("words", [["refine", "x.mat", "-o", "y.npz"], ["refine", "x.mat", "--check"]])
def test_a_file_that_needs_an_optional_part_says_which(words: list[str], tmp_path) -> None:
    path = tmp_path / "x.mat"
    path.write_bytes(bytes(512) + SIGNATURE + bytes(2000))
    done = castlist(*(str(path) if word == "x.mat" else word for word in words))
    assert done.returncode == 2
    assert "pip install" in done.stderr
    assert re.search(r"h5py|castlist\[features\]", done.stderr)
    assert done.stderr.count("\n") == 1


def test_estimators_say_what_they_need() -> None:
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({FEATURES!r}))\n"
        "from castlist.errors import MissingExtra\n"
        "try:\n    import castlist.research.estimators\n"
        "except MissingExtra as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.search(r"pip install .*(scikit-learn|castlist\[features\])", done.stdout)


def test_the_core_requirements_are_those_of_films() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[<>=!\[ ]", line)[0] for line in project["dependencies"]}
    assert len(names) <= 14
    assert not names & {"h5py", "safetensors", "scikit-learn"}
