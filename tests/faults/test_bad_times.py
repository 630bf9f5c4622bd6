"""Films that change, commands that are stopped, places that fill up: nothing hangs, nothing stays behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from castlist.decode import open_video, read_frames
from castlist.errors import VideoError

FIND = [sys.executable, "-m", "castlist", "find"]


def one_sentence(result, words=""):
    message = result.stderr.decode()
    assert result.returncode == 2, message
    assert result.stdout == b""
    assert message.startswith("castlist: ")
    assert message.count("\n") == 1
    assert words in message


def test_a_film_of_one_face_has_a_cast_of_one(here, alone, tmp_path):
    result = here("find", alone, "--out", tmp_path / "w.castlist", "--quiet")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count(b"Person") == 2  # the heading and the person


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_a_film_cut_anywhere_has_a_cast_or_one_sentence(share, here, alone, tmp_path):
    short = tmp_path / "short.ts"  # a stream that can begin and end anywhere
    with av.open(str(alone)) as source, av.open(str(short), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    short.write_bytes(short.read_bytes()[: int(short.stat().st_size * share)])
    result = here("find", short, "--quiet")
    assert b"Traceback" not in result.stderr
    if result.returncode == 0:
        assert b"Person 1" in result.stdout or b"Nobody" in result.stdout
    else:
        one_sentence(result)
        assert not (tmp_path / "short.castlist").exists()
    if share in (0.02, 0.99):  # not even one frame, and nearly all of them
        assert (result.returncode == 0) == (share == 0.99)


SETTINGS = [
    ["--set", "garbage"],
    ["--set", "=1"],
    ["--set", "sampling.per_second"],
    ["--set", "sampling.per_second=often"],
    ["--set", "sampling.per_second=1\x01"],
    ["--set", "none.such=1"],
    ["--set", "detect.none=1"],
    ["--set", "detect.use=none"],
    ["--recipe", "missing.toml"],
    ["--recipe", "."],
    ["--recipe", "film.toml"],
]


@pytest.mark.parametrize("setting", SETTINGS, ids=ascii)
def test_a_recipe_that_is_none_is_one_sentence(setting, here, alone, tmp_path):
    (tmp_path / "film.toml").write_bytes(alone.read_bytes()[:5000])
    one_sentence(here("find", alone, *setting, "--out", "w.castlist", cwd=tmp_path))
    assert os.listdir(tmp_path) == ["film.toml"]


def test_more_threads_than_any_machine_has_are_no_harm(here, alone, tmp_path):
    result = here("find", alone, "--out", tmp_path / "w.castlist", "--quiet", "--threads", "100000")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ["http://localhost/film.mp4", "file:film.mp4", "-", "~/film.mp4", ""])
def test_what_only_looks_like_a_film_is_missing(name, here, tmp_path):
    one_sentence(here("find", "--", name, cwd=tmp_path))
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs users")
def test_a_link_to_nowhere_and_one_to_itself(here, tmp_path):
    (tmp_path / "nowhere.mp4").symlink_to("missing")
    (tmp_path / "itself.mp4").symlink_to("itself.mp4")
    one_sentence(here("find", tmp_path / "nowhere.mp4"), "does not exist")
    one_sentence(here("find", tmp_path / "itself.mp4"), "cannot be opened")


def test_a_film_that_changed_since_it_was_opened_is_not_read(alone, tmp_path):
    path = tmp_path / "film.mp4"
    shutil.copy(alone, path)
    video = open_video(path)
    with path.open("ab") as file:
        file.write(b"\0" * 100)
    with pytest.raises(VideoError, match="changed while it was read"):
        read_frames(video)


def test_a_film_that_grows_while_it_is_read_is_said(alone, tmp_path):
    path = tmp_path / "film.mp4"
    shutil.copy(alone, path)
    with read_frames(open_video(path)) as reader:
        next(reader)
        with path.open("ab") as file:
            file.write(b"\0" * 100)
        with pytest.raises(VideoError, match="changed while it was read"):
            list(reader)


def test_a_film_that_was_only_touched_is_the_same(alone, tmp_path):
    path = tmp_path / "film.mp4"
    shutil.copy(alone, path)
    with read_frames(open_video(path)) as reader:
        next(reader)
        os.utime(path)
        assert len(list(reader)) == 49


def descendants(pid):
    """The processes below a process, by Linux's own account."""
    found, todo = [], [pid]
    while todo:
        for task in Path(f"/proc/{todo.pop()}/task").glob("*/children"):
            below = [int(child) for child in task.read_text().split()]
            found += below
            todo += below
    return found


def ended(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_decoder_outlives_a_command_that_is_stopped(how, here, alone, tmp_path):
    command = [*FIND, str(alone), "--out", str(tmp_path / "w.castlist"), "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0)
    below = []
    while not (tmp_path / "w.castlist" / "cast.db").exists() or not (below := descendants(process.pid)):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    status = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}
    assert process.returncode == status[how]
    assert out == b""
    assert b"Traceback" not in err
    deadline = time.monotonic() + 20
    while not all(map(ended, below)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert all(map(ended, below))
    assert b"Person 1" in here(*command[3:]).stdout


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can mount")
def test_a_disk_that_is_full_at_any_point_is_one_sentence(here, alone, tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=800k", "tmpfs", os.fspath(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this system does not let us mount")
    try:
        for left in (4, 60, 250):  # KiB
            free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
            (place / "filler").write_bytes(bytes(free - left * 1024))
            one_sentence(here("find", alone, "--out", place / "w.castlist", "--quiet"), "full")
            (place / "filler").unlink()
        result = here("find", alone, "--out", place / "w.castlist", "--quiet")
        assert result.returncode == 0, result.stderr
        assert b"Person 1" in result.stdout
    finally:
        subprocess.run(["umount", os.fspath(place)], check=True)


def test_a_cast_that_nobody_reads_to_its_end_is_no_error(alone, tmp_path):
    command = " ".join(f"'{part}'" for part in [*FIND, alone, "--out", tmp_path / "w.castlist", "--quiet"])
    result = subprocess.run(["bash", "-c", f"{command} | true"], capture_output=True, timeout=120)
    assert result.stderr == b""


def test_random_bytes_behind_the_mark_of_any_format_are_no_film(tmp_path):
    marks = [
        b"%PDF-1.7\n",
        b"PK\x03\x04",
        b"\x1aE\xdf\xa3",
        b"RIFF\0\0\0\0AVI ",
        b"\0\0\0\x18ftypmp42",
        b"ID3\x03",
    ]
    for i, mark in enumerate(marks):
        path = tmp_path / f"{i}.mp4"
        path.write_bytes(mark + np.random.default_rng(i).bytes(20_000))
        with pytest.raises(VideoError) as caught:
            open_video(path)
        assert str(caught.value).isprintable()
