"""A short run of the campaign, cases of every kind; the long run is python -m tests.faults --minutes 60."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.faults import (  # noqa: F401  (each notes its kinds)
    kinds_input,
    kinds_library,
    kinds_numbers,
    kinds_page,
    kinds_rooms,
    kinds_system,
    kinds_workspace,
    kinds_writing,
)
from tests.faults.campaign import KINDS, Command, Ended, judged, one, prepare
from tests.faults.server import Limits, Server

SEED = 1
SLOW = {  # cases of kinds whose cases take seconds; of the others as many as their weight
    "mutated films": 1, "crafted films": 1, "killed and resumed": 1, "stopped by a signal and resumed": 1,
    "calls that fail": 2, "files that may not grow": 1, "too little memory": 1, "feature files": 4,
    "decisions killed": 1, "the review page: requests": 1, "the review page: connections": 1,
    "the review page: a workspace that changes": 1, "pictures that a power cut took": 1,
    "other rooms on a stranger's workspace": 2, "names, addresses and odd arguments": 4,
    "columns of arrays": 3, "values in rows": 5, "links, pipes, giants and junk in a workspace": 5,
    "bytes of cast.db": 4, "journals beside cast.db": 2, "--set with absurd values": 8,
    "numbers in arrays": 2, "files that are written to a failing disk": 2, "changes on a failing disk": 3,
    "people erased on a failing disk": 2, "a film on a disk that cannot be read": 1,
}  # fmt: skip
pytestmark = [
    pytest.mark.xdist_group("faults"),
    pytest.mark.skipif(sys.platform == "win32", reason="needs fork"),
]


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """A template and a server that runs commands."""
    folder = tmp_path_factory.mktemp("faults").resolve()
    template = prepare(folder)
    server = Server(folder)
    yield folder, template, server
    server.close()


def test_no_file_of_kinds_is_left_out():
    """Neither here nor in the long run: a kind is noted only where its file is imported."""
    names = {path.stem for path in Path(__file__).parent.glob("kinds_*.py")}
    assert {name for name in names if f"tests.faults.{name}" not in sys.modules} == set()
    long_run = (Path(__file__).parent / "__main__.py").read_text("utf-8")
    assert {name for name in names if f"    {name},\n" not in long_run} == set()


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_fault_holds(name, ground):
    folder, template, server = ground
    wrong = []
    for number in range(SLOW.get(name, KINDS[name].weight)):
        said, *_ = one(KINDS[name], number, SEED, folder, template, server)
        wrong += [f"{number}: {said}"] if said else []
    assert not wrong, "\n".join(wrong)


def ended(**changes):
    return Ended(**({"status": 0, "seconds": 1.0, "memory": 1, "hung": False} | changes))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (ended(), ""),
        (ended(status=2, err=b"castlist: no\n"), ""),
        (ended(status=2), "without a word"),
        (ended(status=2, err=b"a\nb\n"), "2 lines"),
        (ended(status=2, err=b"x" * 900), "900 characters"),
        (ended(status=1, err=b"Traceback (most recent call last)\nKeyError: 1\n"), "traceback KeyError: 1"),
        (ended(status=-11), "status -11"),
        (ended(hung=True, status=-9), "hung"),
        (ended(out=b"\x1b[2J"), "control characters"),
        (ended(memory=4 << 30), "4096 MB"),
    ],
)
def test_what_the_campaign_takes_for_a_failure(how, words):
    said = judged(Command(["info"], Limits()), how)
    assert words in said
    assert bool(words) == bool(said)


def test_the_campaign_finds_what_it_looks_for(ground, monkeypatch):
    """A castlist that does wrong is found out: a kind that breaks something fails."""
    folder, template, server = ground
    from tests.faults.campaign import Case, Kind

    def breaks(rng, box):
        (box.mine / "letter.txt").chmod(0o600)
        return Case("x", [], lambda ended: (box.mine / "letter.txt").write_bytes(b"other") and "")

    said, *_ = one(Kind("breaks", breaks), 0, 1, folder, template, server)
    assert "changed outside the workspace: mine/letter.txt" in said
