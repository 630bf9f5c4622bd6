"""Bad and odd input through the real command line: the result it deserves, or one sentence and status 2."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import wave
import zipfile

import av
import cv2
import numpy as np
import pytest


def castlist(*arguments, **options):
    command = [sys.executable, "-m", "castlist", *arguments]
    return subprocess.run(command, capture_output=True, timeout=120, **options)


def film(path, frames=12, size=(160, 120)):
    """A film without faces."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for i in range(frames):
            image = np.full((size[1], size[0], 3), i * 3 % 255, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def faceless(tmp_path_factory):
    return film(tmp_path_factory.mktemp("faceless") / "film.mp4")


def sound(path):
    with wave.open(str(path), "w") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))


def archive(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a", "b" * 1000)


def picture(path):
    cv2.imwrite(str(path.with_suffix(".png")), np.zeros((50, 50, 3), np.uint8))
    path.with_suffix(".png").rename(path)


def cut_short(path):
    film(path)
    path.write_bytes(path.read_bytes()[:900])


BAD = {
    "empty": (lambda p: p.write_bytes(b""), "is empty"),
    "text": (lambda p: p.write_text("not a film\n" * 50), "not a video"),
    "random bytes": (lambda p: p.write_bytes(np.random.default_rng(0).bytes(50_000)), "not a video"),
    "an archive": (archive, "not a video"),
    "a picture": (picture, "single picture"),
    "sound only": (sound, "sound but no moving pictures"),
    "a directory": (lambda p: p.mkdir(), "contains no film"),
    "a pipe": (lambda p: os.mkfifo(p), "pipe"),
    "missing": (lambda p: None, "does not exist"),
    "cut before its index": (cut_short, "is cut short"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_film_gets_one_sentence_and_leaves_nothing_behind(kind, here, tmp_path):
    make, words = BAD[kind]
    path = tmp_path / "film.mp4"
    make(path)
    before = sorted(os.listdir(tmp_path))
    result = (castlist if kind == "empty" else here)("find", str(path))
    message = result.stderr.decode()
    assert result.returncode == 2
    assert result.stdout == b""
    assert words in message
    assert message.startswith("castlist: ")
    assert message.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == before


NAMES = [
    b"with space.mp4",
    b"new\nline.mp4",
    b"-dash.mp4",
    b"$(touch pwned).mp4",
    b"http:film.mp4",
    b"\xff.mp4",
    b"n" * 251 + b".mp4",
    "кино 映画.mp4".encode(),
    b"'\"&;|<.mp4",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_odd_names_are_only_names(name, here, faceless, tmp_path):
    shutil.copy(faceless, os.path.join(os.fsencode(tmp_path), name))
    run = castlist if b"\xff" in name else here  # one through the system's own arguments
    result = run("find", "--quiet", "--", name, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert b"Nobody" in result.stdout
    assert not (tmp_path / "pwned").exists()
    made = [n for n in os.listdir(os.fsencode(tmp_path)) if n.endswith(b".castlist")]
    assert len(made) == 1
    assert run("info", "--", made[0], cwd=tmp_path).returncode == 0


def test_a_film_of_one_frame_and_one_without_faces_have_an_empty_cast(here, faceless, tmp_path):
    for path in (film(tmp_path / "one.mp4", frames=1), faceless):
        result = here("find", str(path), "--out", str(tmp_path / f"{path.stem}.castlist"), "--json")
        assert result.returncode == 0
        assert b'"people": []' in result.stdout
        assert (tmp_path / f"{path.stem}.castlist" / "report.html").is_file()


def test_a_film_cut_short_gives_the_cast_of_what_is_there(here, matroska_film, tmp_path):
    short = tmp_path / "short.mkv"
    short.write_bytes(matroska_film.read_bytes()[: matroska_film.stat().st_size // 2])
    result = here("find", str(short), "--quiet")
    assert result.returncode == 0, result.stderr
    assert b"Person 1" in result.stdout


def test_another_films_workspace_is_refused_and_kept(here, faceless, found_film, tmp_path):
    folder = tmp_path / "mine.castlist"
    shutil.copytree(found_film[1], folder)
    before = (folder / "report.html").read_bytes()
    result = here("find", str(faceless), "--out", str(folder))
    assert result.returncode == 2
    assert b"another film" in result.stderr
    assert (folder / "report.html").read_bytes() == before
    assert b"Person 1" in here("info", str(folder)).stdout


def test_a_file_or_a_strange_folder_in_the_workspaces_place(here, faceless, tmp_path):
    (tmp_path / "file.castlist").write_text("mine")
    (tmp_path / "folder.castlist").mkdir()
    (tmp_path / "folder.castlist" / "letter.txt").write_text("mine")
    for place in ("file.castlist", "folder.castlist"):
        result = here("find", str(faceless), "--out", str(tmp_path / place))
        assert result.returncode == 2
        assert result.stderr.count(b"\n") == 1
    assert (tmp_path / "file.castlist").read_text() == "mine"
    assert [p.name for p in (tmp_path / "folder.castlist").iterdir()] == ["letter.txt"]


def test_a_second_run_at_once_says_so_and_stops(alone, tmp_path):
    folder = tmp_path / "busy.castlist"
    command = [sys.executable, "-m", "castlist", "find", str(alone), "--out", str(folder), "--quiet"]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not (folder / "cast.db").exists() and first.poll() is None:
        time.sleep(0.01)
    first.send_signal(signal.SIGSTOP)  # else it may end before the second one has begun
    second = subprocess.run(command, capture_output=True)
    first.send_signal(signal.SIGCONT)
    assert second.returncode == 2
    assert b"another castlist" in second.stderr
    assert first.wait(120) == 0


def test_ctrl_c_is_one_sentence_and_the_next_run_goes_on(alone, here, tmp_path):
    folder = tmp_path / "stopped.castlist"
    command = [sys.executable, "-m", "castlist", "find", str(alone), "--out", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0)
    while b"Scanning" not in process.stderr.readline() and process.poll() is None:
        pass
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode().strip().splitlines()[-1].startswith("castlist: stopped")
    assert b"Traceback" not in err
    assert out == b""
    assert b"Person 1" in here("find", str(alone), "--out", str(folder)).stdout


def limited(megabytes):
    """Nothing that this process writes may grow beyond so many megabytes: a disk that fills up."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(megabytes * 1e6),) * 2)


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="this system has no limit of file size")
def test_a_full_disk_is_one_sentence_and_the_next_run_goes_on(alone, here, tmp_path):
    folder = tmp_path / "full.castlist"
    command = [sys.executable, "-m", "castlist", "find", str(alone), "--out", str(folder), "--quiet"]
    result = subprocess.run(command, capture_output=True, preexec_fn=lambda: limited(0.05))
    assert result.returncode == 2
    assert b"Traceback" not in result.stderr
    assert result.stderr.startswith(b"castlist: ")
    assert result.stdout == b""
    assert b"Person 1" in here("find", str(alone), "--out", str(folder)).stdout


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="only root can mount")
def test_a_read_only_folder_is_one_sentence(here, faceless, tmp_path):
    place = tmp_path / "ro"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True
    ).returncode:
        pytest.skip("this system does not let us mount")
    try:
        shutil.copy(faceless, place / "film.mp4")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        result = here("find", str(place / "film.mp4"))
        assert result.returncode == 2
        assert b"--out" in result.stderr
        assert result.stderr.count(b"\n") == 1
        elsewhere = here("find", str(place / "film.mp4"), "--out", str(tmp_path / "film.castlist"))
        assert elsewhere.returncode == 0
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("verb", ["export --format csv", "info", "explain --json 0 1", "decide . list"])
def test_output_that_nobody_reads_is_no_error(found_film, verb):
    name, *rest = verb.replace(" . ", " ").split()
    command = f"'{sys.executable}' -m castlist {name} '{found_film[1]}' {' '.join(rest)} | true"
    result = subprocess.run(
        ["bash", "-c", f"{command}; echo ${{PIPESTATUS[0]}}"], capture_output=True, env=os.environ
    )
    assert result.stdout.splitlines()[-1] == b"141"  # as a program has it that SIGPIPE ends
    assert b"Traceback" not in result.stderr
    assert b"Error" not in result.stderr
