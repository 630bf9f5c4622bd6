"""Output paths: never those of a film, a database or a library's files, and never inside a workspace."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import pytest

from castlist.cli import run
from castlist.errors import CastlistError, InputError
from castlist.io.exports import FORMATS
from castlist.io.exports.stills import made_folder
from castlist.io.exports.writing import replace_file
from castlist.library import storage
from castlist.library.track_index import ABOUT, INDEX, WHERE
from castlist.outputs import (
    MARK,
    PAGES,
    check_output,
    check_output_folder,
    file_name,
    looks_like_film,
    new_part,
    whole,
)
from castlist.reel import reel
from castlist.render.codecs import CONTAINERS
from castlist.report.html import write_page
from castlist.research.features import gather
from castlist.research.features import write as write_features
from castlist.store import Workspace, database, files

FILMS = [  # suffix, container, codec
    ("mp4", "mp4", "mpeg4"), ("mov", "mov", "mpeg4"), ("3gp", "3gp", "mpeg4"), ("mkv", "matroska", "mpeg4"),
    ("webm", "webm", "libvpx"), ("avi", "avi", "mpeg4"), ("flv", "flv", "flv1"), ("wmv", "asf", "wmv2"),
    ("mpg", "mpeg", "mpeg2video"), ("vob", "vob", "mpeg2video"), ("ts", "mpegts", "mpeg2video"),
    ("mxf", "mxf", "mpeg2video"), ("m2v", "mpeg2video", "mpeg2video"), ("h264", "h264", "libx264"),
    ("y4m", "yuv4mpegpipe", "rawvideo"), ("ivf", "ivf", "libvpx"), ("nut", "nut", "mpeg4"),
    ("gif", "gif", "gif"), ("rm", "rm", "rv10"), ("m4v", "m4v", "mpeg4"), ("ogg", "ogg", "libvpx"),
]  # fmt: skip


def drawn(path: Path, container: str, codec: str) -> Path:
    """Three grey frames."""
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 128, 96, "rgb8" if codec == "gif" else "yuv420p"
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((96, 128, 3), 90, np.uint8), "rgb24")
            out.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        out.mux(stream.encode())
    return path


@pytest.mark.parametrize(("suffix", "container", "codec"), FILMS)
def test_films_are_known_by_their_first_bytes(suffix, container, codec, tmp_path):
    film = drawn(tmp_path / f"film.{suffix}", container, codec)
    assert looks_like_film(film.read_bytes()[:400])
    with pytest.raises(InputError, match="is a film"):
        check_output(film)


def test_a_disc_stream_is_a_film(tmp_path):
    film = drawn(tmp_path / "film.ts", "mpegts", "mpeg2video").read_bytes()
    stamped = b"".join(b"\0\0\0\0" + film[k : k + 188] for k in range(0, len(film), 188))
    assert looks_like_film(stamped[:400])


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_that_is_exported_is_taken_for_a_film(name, found_film, tmp_path):
    target = tmp_path / f"film{FORMATS[name].suffixes[0]}"
    for _ in range(2):  # also over the file of the first time
        FORMATS[name].write(found_film[0], target)
    assert not looks_like_film(target.read_bytes()[:400])


def test_text_pictures_and_short_files_are_no_films():
    texts = (
        b"",
        b"G",
        b"frame,time\n" * 40,
        b"the free film\n" * 40,
        b"GGGG",
        b"<!doctype html>",
        b"\xff\xd8\xff",
    )
    assert not any(map(looks_like_film, texts))


def test_names_of_the_store_and_the_library_are_the_same_here(tmp_path):
    for name in (storage.LOG, storage.CATALOGUE):
        (tmp_path / name).touch()
    for name in (*storage.FILES, INDEX, WHERE, ABOUT):
        with pytest.raises(InputError, match="lies in the library"):
            check_output(tmp_path / name)
    check_output(tmp_path / "cast.csv")  # films and tables may be in the folder of a library
    check_output(tmp_path / "films" / "log.jsonl")
    (tmp_path / database.DATABASE).touch()
    with pytest.raises(InputError, match="lies in the workspace"):
        check_output(tmp_path / "cast.csv")


@pytest.fixture
def place(two_people, tmp_path):
    """A folder with film.mp4 and film.castlist of two people, which a test may change."""
    shutil.copy(two_people / "film.mp4", tmp_path / "film.mp4")
    assert run(["find", str(tmp_path / "film.mp4"), "-q"]) == 0
    return tmp_path


def state(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def other_names(place: Path) -> list[str]:
    """Links to the film, another film, a database, the files of the workspace, folders."""
    (place / "deep").mkdir()
    film, deep = place / "film.mp4", place / "deep"
    (deep / "link.csv").symlink_to(film)
    os.link(film, deep / "hard.csv")
    shutil.copy(film, deep / "copy.csv")
    drawn(deep / "other.csv", "matroska", "mpeg4")
    with closing(sqlite3.connect(deep / "table.csv")) as db:
        db.execute("CREATE TABLE t (a)")
    (deep / "cast").symlink_to(place / "film.castlist")
    inside = place / "film.castlist"
    return [
        str(film), f"{deep}/../film.mp4", "./film.mp4", f"{deep}/link.csv", f"{deep}/hard.csv",
        f"{deep}/copy.csv", f"{deep}/other.csv", f"{deep}/table.csv", f"{inside}/cast.db",
        f"{inside}/new.csv", f"{inside}/thumbs/new.csv", f"{deep}/cast/new.csv", str(deep), str(inside),
    ]  # fmt: skip


WRITING = (
    ["export", "W", "--format", "srt", "-o"], ["export", "W", "--format", "csv", "-o"],
    ["export", "W", "--format", "json", "-o"], ["report", "W", "-o"], ["explain", "W", "p1", "p2", "-o"],
)  # fmt: skip


def test_no_command_writes_over_a_film_or_into_a_workspace(place, monkeypatch, capfd):
    monkeypatch.chdir(place)
    targets = other_names(place)
    assert run(["report", "film.castlist"]) == 0  # writes its stills, too
    assert run(["report", "film.castlist", "-o", "film.castlist/report.html"]) == 0
    was = state(place)
    capfd.readouterr()
    for command in WRITING:
        for target in targets:
            words = [*(w.replace("W", "film.castlist") for w in command), target]
            assert run(words) == 2, words
            printed = capfd.readouterr()
            assert printed.err.startswith("castlist: "), words
            assert printed.err.count("\n") == 1, words
    for words in (
        ["sheet", "film.castlist", "-o", "film.castlist/page.html"],
        ["sheet", "film.castlist", "--posters", "film.castlist"],
        ["export", "film.castlist", "--format", "stills", "-o", "film.castlist/stills"],
        ["features", "film.castlist", "-o", "film.castlist/film.npz"],
        ["reel", "film.castlist", "p1", "-o", "film.castlist/reel.mp4"],
        ["reel", "film.castlist", "p1", "-o", "film.mp4"],
        ["reel", "film.castlist", "p1", "-o", "reel.mp4", "--list", "film.castlist/cuts.csv"],
        ["redact", "film.castlist", "--keep", "p1", "-o", "film.castlist/public.mp4"],
        ["redact", "film.castlist", "--keep", "p1", "-o", "film.mp4"],
        ["demo", "-o", "film.castlist"],
        ["bench", "figures", "--data", "none.npz", "-o", "film.castlist/figures"],
        ["bench", "run", "--data", "none.npz", "--methods", "base", "--html", "film.mp4"],
        ["refine", "none.npz", "-o", "film.castlist/new.npz"],
    ):
        assert run(words) == 2, words
        assert "name a" in capfd.readouterr().err
    assert state(place) == was


@pytest.mark.parametrize("suffix", ["edl", "srt", "vtt", "json"])
def test_a_film_that_is_called_like_an_export_is_known(suffix, place, capfd):
    film = place / f"film.{suffix}"
    shutil.copy(place / "film.mp4", film)
    assert run(["export", str(place / "film.castlist"), "-o", str(film)]) == 2
    assert "is a film" in capfd.readouterr().err
    assert film.read_bytes() == (place / "film.mp4").read_bytes()


def test_the_film_is_known_where_its_kind_is_not(place):
    """A container with unusual first bytes: only the path shows that it is the film."""
    with Workspace.open(place / "film.castlist", write=False) as opened:
        cast = opened.cast()
    (place / "film.mp4").write_bytes(b"an unknown container")
    (place / "link.csv").symlink_to(place / "film.mp4")
    for target in (place / "film.mp4", place / "link.csv"):
        with pytest.raises(InputError, match="is the film itself"):
            FORMATS["faces"].write(cast, target)
    assert (place / "film.mp4").read_bytes() == b"an unknown container"


def test_python_is_refused_like_the_command_line(place):
    film, inside = place / "film.mp4", place / "film.castlist" / "new.html"
    for target in (film, inside):
        for write in (
            lambda path: files.write(path, b"text"),
            lambda path: write_page("<html>", path),
            lambda path: reel(place / "film.castlist", path.with_suffix(".mp4"), "p1"),
        ):
            with pytest.raises(InputError):
                write(target)
    with pytest.raises(InputError, match="belongs to the workspace"):
        made_folder(place / "film.castlist" / "stills")
    with pytest.raises(InputError, match="is a file"):
        check_output_folder(film)


def test_earlier_files_and_films_of_castlist_are_written_again(place, monkeypatch, capfd):
    monkeypatch.chdir(place)
    for _ in range(2):
        for words in (
            ["export", "film.castlist", "-o", "cast.csv"],
            ["report", "film.castlist", "-o", "page.html"],
            ["features", "film.castlist", "-o", "film.npz"],
            ["reel", "film.castlist", "p1", "-o", "reel.mp4", "--list", "reel.csv"],
        ):
            assert run(words) == 0, capfd.readouterr().err
    drawn(place / "mine.mp4", "mp4", "mpeg4")
    assert run(["reel", "film.castlist", "p1", "-o", "mine.mp4"]) == 2
    assert "did not write" in capfd.readouterr().err


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_films_of_castlist_are_known_by_their_mark(suffix, two_people, tmp_path):
    for _ in range(2):
        reel(two_people / "film.castlist", tmp_path / f"reel{suffix}", "p1")
    data = (tmp_path / f"reel{suffix}").read_bytes()
    assert MARK.encode() in data
    assert looks_like_film(data[:400])


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_a_workspace_are_no_place_for_a_table(name, two_people):
    with pytest.raises(InputError, match="lies in the workspace"):
        check_output(two_people / "film.castlist" / name)
    check_output(two_people / "film.castlist" / name, page=True)


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(InputError, match="name a file"):
        check_output(name)


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "free some space"), (errno.EDQUOT, "free some space"), (errno.EIO, "name another file")],
)
@pytest.mark.parametrize("suffix", ["txt", "csv", "npz", "redaction.json"])
def test_a_file_that_cannot_be_written_is_named_with_what_to_do(
    suffix, number, advice, tmp_path, monkeypatch
):
    path = tmp_path / f"mine.{suffix}"
    path.write_bytes(b"precious")
    features = gather("film", np.eye(3), [0, 1, 1], track_id=[0, 1])
    writers = {"npz": lambda: write_features(features, path), "csv": lambda: replace_file(path, iter([b"x"]))}

    def fails(fd):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(CastlistError, match=rf"mine.{suffix}: cannot be written \(.*\); {advice}"):
        writers.get(suffix, lambda: files.write(path, b"x"))()
    assert path.read_bytes() == b"precious"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize(
    "words", ["report {} -o -", "sheet {} -o -", "features {} -o -", "search {} anna --page -"]
)
def test_a_dash_is_no_file(words, two_people, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(words.format(two_people / "film.castlist").split()) == 2
    assert "give the name of a file" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Anna", "Anna"),
        ("../escaped", "_escaped"),
        ("/etc/passwd", "_etc_passwd"),
        ("..", "_"),
        ("", "_"),
        ("a\\b:c\0d\n", "a_b_c_d_"),
        ("\ud800x", "_x"),
        ("é" * 500, "é" * 60),
    ],
)
def test_a_name_as_part_of_a_file_name_leads_nowhere(name, plain, tmp_path):
    assert file_name(name) == plain
    (tmp_path / f"{file_name(name)}-similarity.svg").write_text("")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_can_be_made_is_no_mistake_and_a_file_is_no_folder(tmp_path):
    check_output(tmp_path / "new" / "folders" / "a.npz")
    (tmp_path / "text").write_text("")
    with pytest.raises(InputError, match="text is a file, not a folder"):
        check_output(tmp_path / "text" / "deeper" / "a.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["text"]


def test_a_folder_that_may_not_be_written_to_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(InputError, match="you may not write into"):
        check_output(tmp_path / "new" / "a.npz")


def _page(path: Path) -> None:
    write_page("<p>page</p>", path)


def _table(path: Path) -> None:
    files.write(path, b"table")


def _whole(path: Path) -> None:
    with whole(path) as part:
        part.write_bytes(b"whole")


def unfinished(name: str) -> str:
    """A file name as a killed command leaves it."""
    with TemporaryDirectory() as folder:
        part, fd = new_part(name, folder=Path(folder))
        os.close(fd)
    return part


@pytest.mark.parametrize("write_one", [_page, _table, _whole])
def test_what_a_killed_command_left_is_removed_by_the_next_one_for_the_same_file(write_one, tmp_path):
    target = tmp_path / "people.html"
    left = [tmp_path / unfinished(target.name), tmp_path / (unfinished(target.name) + ".html")]
    others = [
        tmp_path / unfinished("other.html"),
        tmp_path / f".{'0' * 32}.part",
        tmp_path / "people.html.part",
    ]
    for file in (*left, *others):
        file.write_bytes(b"half of it")
    (tmp_path / unfinished(target.name)).mkdir()
    (tmp_path / unfinished(target.name)).symlink_to(others[0])
    name, still = new_part(target.name, folder=tmp_path)  # of another command that is still writing
    write_one(target)
    assert not any(file.exists() for file in left)
    assert (tmp_path / name).exists()
    assert all(file.exists() for file in others)
    assert sum(file.is_dir() for file in tmp_path.iterdir()) == 1
    assert sum(file.is_symlink() for file in tmp_path.iterdir()) == 1
    os.close(still)
    write_one(target)
    assert not (tmp_path / name).exists()


def test_no_two_who_write_one_file_disturb_each_other(tmp_path):
    target = tmp_path / "film.csv"

    def write_often(letter: bytes) -> None:
        for _ in range(50):
            _whole_of(target, letter)
            files.write(target, letter * 9)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write_often, (b"a", b"b", b"c", b"d")))
    assert len(set(target.read_bytes())) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["film.csv"]


def _whole_of(path: Path, letter: bytes) -> None:
    with whole(path) as part:
        part.write_bytes(letter * 9)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("command", ["reel", "redact"])
def test_a_stopped_film_leaves_nothing_or_the_next_one_removes_it(command, number, found_film, tmp_path):
    """The unfinished file of a film whose command was stopped."""
    cast, workspace = found_film
    (tmp_path / "out").mkdir()
    output, name = tmp_path / "out", cast.everybody[0].name
    words = {"reel": [name], "redact": ["--keep", name]}[command]
    line = [sys.executable, "-m", "castlist", command, str(workspace), *words, "-o", str(output / "new.mp4")]
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(output.iterdir()):
            time.sleep(0.001)
        process.send_signal(number)
    assert process.returncode in (-number, 128 + number)
    left = list(output.iterdir())
    assert len(left) == (number == signal.SIGKILL)
    assert run(line[3:]) in (0, 1)
    assert {f.name for f in output.iterdir()} <= {"new.mp4", "new.mp4.redaction.json"}
