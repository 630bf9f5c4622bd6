"""Films and command lines that the tests of faults share: made once, run here where no process is needed."""

from __future__ import annotations

import os
import subprocess

import pytest

from castlist.drawn import Actor, Scene, Script, people, render


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """A film of one person, two seconds long."""
    path = tmp_path_factory.mktemp("alone") / "alone.mp4"
    scenes = (Scene(2.0, (Actor(0, 0.5, 0.45, 0.5),)),)
    render(Script("alone", people(1), scenes, width=320, height=180), path)
    return path


@pytest.fixture
def here(capfd, monkeypatch):
    """A command line run in this process: what the modules and models cost is paid once."""
    from castlist.cli import run

    def command(*arguments, cwd=None):
        with monkeypatch.context() as patch:
            if cwd:
                patch.chdir(cwd)
            capfd.readouterr()
            status = run([os.fsdecode(a) for a in arguments])
        said = capfd.readouterr()
        out, err = (text.encode("utf-8", "surrogateescape") for text in (said.out, said.err))
        return subprocess.CompletedProcess(arguments, status, out, err)

    return command
