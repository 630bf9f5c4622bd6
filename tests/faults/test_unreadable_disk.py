"""A disk that reports errors while a film is read: that is said, and the scan goes on later."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from io import FileIO
from pathlib import Path

import av
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from castlist.decode import open_video
from castlist.decode.files import digest_of
from castlist.errors import VideoError
from castlist.proxy import Proxy
from castlist.proxy.maker import VERSION
from castlist.store import Workspace
from tests.faults.kinds_system import READ, WRITE
from tests.faults.server import shim


@pytest.fixture(scope="module")
def preload(tmp_path_factory):
    """The library with which calls fail."""
    built = shim(tmp_path_factory.mktemp("shim"))
    if built is None:
        pytest.skip("no compiler here")
    return built


def castlist(preload: Path, film: Path, after: int, *words: str, error: int = errno.EIO):
    """A command line whose processes, each by itself, cannot read the film after so many reads."""
    environment = os.environ | {"LD_PRELOAD": str(preload), "CASTLIST_FAIL": f"{READ} {after} {error} {film}"}
    return subprocess.run(
        [sys.executable, "-m", "castlist", *words], capture_output=True, text=True, env=environment,
        cwd=film.parent,
    )  # fmt: skip


def check(ended: subprocess.CompletedProcess[str], words: str = "input/output error") -> None:
    """It ended with the sentence about the disk, which does not call the film damaged."""
    assert (ended.returncode, ended.stdout) == (2, "")
    sentence = ended.stderr.strip().splitlines()[-1]
    assert "its disk or network drive reports an error" in sentence
    assert words in sentence
    assert "copy the film to another disk" in sentence
    assert not any(wrong in ended.stderr for wrong in ("re-encode", "damaged", "Traceback", "another film"))


@pytest.mark.parametrize("after", [0, 2, 5])
def test_a_disk_that_cannot_be_read_is_no_damaged_film(preload, alone, tmp_path, after):
    film = tmp_path / "film.mp4"
    film.write_bytes(alone.read_bytes())
    check(castlist(preload, film, after, "find", "film.mp4", "-q"))


@pytest.mark.parametrize("error", [errno.ESTALE, errno.ENODEV])
def test_a_network_drive_that_is_gone_is_said(preload, alone, tmp_path, error):
    film = tmp_path / "film.mp4"
    film.write_bytes(alone.read_bytes())
    check(castlist(preload, film, 2, "find", "film.mp4", "-q", error=error), os.strerror(error).lower())


def test_a_scan_goes_on_once_the_disk_can_be_read_again(preload, here, tmp_path):
    film = tmp_path / "film.mkv"
    noise(film, frames=600)
    check(castlist(preload, film, 12, "find", "film.mkv", "-q"))
    place = tmp_path / "film.castlist"
    with Workspace.open(place, write=False) as workspace:
        (key,) = [name for (name,) in workspace._db.execute("SELECT key FROM scans")]
        begun = workspace.frames(key)
    assert 0 < begun < 600
    assert here("find", film, "-q").returncode == 0
    with Workspace.open(place, write=False) as workspace:
        assert (workspace.is_complete(key), workspace.frames(key)) == (True, 600)


def noise(path: Path, frames: int) -> None:
    """A film of noise, some 10 KB a frame, which is read in many parts."""
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=25, options={"q": "4"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(frames):
            image = rng.integers(0, 255, (120, 160, 3), np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        out.mux(stream.encode(None))


def test_what_stands_before_a_bad_place_is_no_whole_film(monkeypatch, alone):
    """The system gives what it could read first, and the error when it is asked again."""
    real, parts = os.pread, iter([100])

    def pread(fd, size, place):
        if (most := next(parts, None)) is not None:
            return real(fd, most, place)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pread", pread)
    with pytest.raises(VideoError, match="input/output error"):
        digest_of(alone)


@pytest.fixture
def failing(preload, monkeypatch):
    """Lets calls of the processes that are started fail below a folder."""

    def fail(which: int, after: int, error: int, folder: Path) -> None:
        monkeypatch.setenv("LD_PRELOAD", str(preload))
        monkeypatch.setenv("CASTLIST_FAIL", f"{which} {after} {error} {folder}")

    return fail


def proxy_state(video, folder):
    proxy = Proxy(video, lambda: FileIO(str(video.path)), folder)
    proxy.want("mp4")
    while proxy.state().name == "making":
        time.sleep(0.02)
    return proxy.state()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errno.ENOSPC, "free some space on its disk"),
        (errno.EROFS, "make sure that this folder can be written"),
    ],
)
def test_a_proxy_that_cannot_be_written_names_its_file_and_folder(failing, alone, tmp_path, error, words):
    video, folder = open_video(alone), tmp_path / "films"
    failing(WRITE, 2, error, folder)
    state = proxy_state(video, folder)
    assert (state.name, list(folder.iterdir())) == ("failed", [])
    assert f"{video.digest}-{VERSION}.mp4 cannot be written into {folder} (" in state.why
    assert words in state.why


def test_a_proxy_of_a_film_that_cannot_be_read_says_so(failing, alone, tmp_path):
    video = open_video(alone)
    failing(READ, 4, errno.EIO, alone)
    state = proxy_state(video, tmp_path / "films")
    assert state.name == "failed"
    assert "its disk or network drive reports an error (input/output error)" in state.why


def test_a_cache_that_cannot_be_made_is_named(alone, tmp_path):
    (tmp_path / "films").write_text("a file")
    state = proxy_state(open_video(alone), tmp_path / "films")
    assert state.name == "failed"
    assert f"cannot be written into {tmp_path / 'films'} (file exists)" in state.why


def test_a_report_on_a_full_disk_names_its_file_and_folder(preload, found_film, tmp_path):
    report = tmp_path / "reports" / "film.html"
    report.parent.mkdir()
    environment = os.environ | {
        "LD_PRELOAD": str(preload),
        "CASTLIST_FAIL": f"{WRITE} 0 {errno.ENOSPC} {report.parent}",
    }
    words = ["report", str(found_film[1]), "-o", str(report)]
    ended = subprocess.run(
        [sys.executable, "-m", "castlist", *words], capture_output=True, text=True, env=environment
    )
    assert ended.returncode == 2
    sentence = f"{report}: cannot be written (No space left on device); free some space, or name another file"
    assert ended.stderr.splitlines()[-1] == f"castlist: {sentence}"
    assert list(report.parent.iterdir()) == []
