"""Which films are meant, where their results go, and what one unit of work makes of them."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import time
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from library_made import made_film

from castlist.cli import run
from castlist.errors import InputError
from castlist.library import Library, Outcome, Processes, Shard, films_of, find_all
from castlist.library.films import places_of, workspaces_in
from castlist.library.page import Card, write_results
from castlist.library.work import Task


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_a_folder_means_the_films_in_it_in_order(tmp_path):
    for name in ("b.mp4", "a.MKV", "notes.txt", ".hidden.mp4", "disc 2/c.mov", "e.MOD", ".git/d.mp4"):
        touch(tmp_path / name)
    touch(tmp_path / "a.castlist" / "cast.db")
    touch(tmp_path / "a.castlist" / "clip.mp4")
    found = [str(film.relative_to(tmp_path)) for film in films_of([tmp_path])]
    assert found == ["a.MKV", "b.mp4", "e.MOD", "disc 2/c.mov"]


def test_a_film_named_twice_is_one_film(tmp_path):
    film = touch(tmp_path / "a.mp4")
    os.symlink(film, tmp_path / "link.mp4")
    assert films_of([film, tmp_path, tmp_path / "link.mp4"]) == [film]


def test_a_link_to_a_folder_is_not_followed(tmp_path):
    touch(tmp_path / "in" / "a.mp4")
    os.symlink(tmp_path / "in", tmp_path / "in" / "round")
    assert films_of([tmp_path / "in"]) == [tmp_path / "in" / "a.mp4"]


@pytest.fixture
def closed(tmp_path, monkeypatch):
    """A folder with a film and twelve folders that cannot be read, for root neither."""
    (tmp_path / "a.mp4").touch()
    for number in range(12):
        (tmp_path / f"closed {number:02}").mkdir()
        (tmp_path / f"closed {number:02}" / "b.mp4").touch()
    scandir, stat = os.scandir, os.stat

    def refuse(real, path, *arguments, **options):
        if isinstance(path, str | os.PathLike) and "closed" in os.fspath(path):
            inside = real is stat and os.path.basename(os.fspath(path)).startswith("closed")
            if not inside:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "scandir", lambda path=".": refuse(scandir, path))
    monkeypatch.setattr(os, "stat", lambda path, *a, **o: refuse(stat, path, *a, **o))
    return tmp_path


def test_folders_that_cannot_be_read_are_named_and_the_others_searched(closed, capsys):
    sentences = []
    assert films_of([closed], skipped=sentences.append) == [closed / "a.mp4"]
    assert len(sentences) == 12
    where = f"{closed / 'closed 00'}: cannot be read (permission denied), so films in it are left out"
    assert sentences[0] == where
    assert run(["find", str(closed), "-q"]) == 2  # the film is empty
    printed = capsys.readouterr()
    assert "a.mp4" in printed.out
    lines = printed.err.splitlines()
    assert lines[0] == where
    assert (len(lines), lines[-1]) == (11, "2 more folders cannot be read, so films in them are left out")


def test_a_folder_that_cannot_be_read_is_not_called_empty(closed):
    with pytest.raises(InputError, match=r"closed 03: cannot be read \(permission denied\); check"):
        films_of([closed / "closed 03"])
    assert workspaces_in(closed / "closed 03") == []
    (closed / "a.mp4").unlink()
    with pytest.raises(
        InputError, match="contains no film that can be read, and 12 of its folders cannot be"
    ):
        films_of([closed])


def test_a_folder_without_films_is_refused(tmp_path):
    with pytest.raises(InputError, match="contains no film"):
        films_of([tmp_path])


@pytest.mark.parametrize("name", ["0001.dpx", "scan_00086400.TIFF", "a.png"])
def test_a_folder_of_pictures_is_told_how_to_become_a_film(name, tmp_path):
    touch(tmp_path / name)
    with pytest.raises(InputError, match="make a film of them first, for example: ffmpeg -framerate 24"):
        films_of([tmp_path])


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_shards_together_are_all_films_once(count):
    films = [Path(f"{i}.mp4") for i in range(17)]
    parts = [Shard(k, count).of(films) for k in range(1, count + 1)]
    assert sorted(f for part in parts for f in part) == sorted(films)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/3/4", ""])
def test_a_wrong_shard_is_refused(text):
    with pytest.raises(InputError):
        Shard.parse(text)


def test_every_film_has_a_workspace_of_its_own(tmp_path):
    films = [touch(tmp_path / n) for n in ("a.mkv", "a.mp4", "b/a.mp4", "b/A.mov", "c.mp4")]
    for out in (None, tmp_path / "out"):
        places = places_of(films, out)
        assert len({str(p).casefold() for p in places}) == len(films)
        assert places == places_of(films, out)


def test_one_failure_is_a_row_and_what_is_done_costs_nothing(small_film, tmp_path):
    shutil.copy(small_film[0], tmp_path / "good.mp4")
    touch(tmp_path / "bad.mp4")
    bad, good = find_all([tmp_path])
    assert (bad.state, good.state, good.people) == ("failed", "found", 3)
    assert "bad.mp4" in bad.sentence
    before = (tmp_path / "good.castlist" / "cast.db").stat()
    bad, good = find_all([tmp_path])
    assert (bad.state, good.state, good.people) == ("failed", "kept", 3)
    after = (tmp_path / "good.castlist" / "cast.db").stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)


def test_another_film_under_the_same_name_is_not_taken_for_done(small_film, tmp_path):
    shutil.copy(small_film[0], tmp_path / "film.mp4")
    find_all([tmp_path])
    with open(tmp_path / "film.mp4", "r+b") as file:
        file.seek(-64, os.SEEK_END)
        file.write(b"\0" * 64)
    (again,) = find_all([tmp_path])
    assert again.state == "failed"
    assert "another film" in again.sentence


def test_the_command_prints_a_row_a_film(small_film, tmp_path, capsys):
    from castlist.cli import run

    shutil.copy(small_film[0], tmp_path / "good.mp4")
    touch(tmp_path / "bad.mp4")
    assert run(["find", str(tmp_path), "--json"]) == 2
    shown = capsys.readouterr()
    rows = json.loads(shown.out)["films"]
    assert [row["state"] for row in rows] == ["failed", "found"]
    assert run(["find", str(tmp_path), "--shard", "2/2", "-q"]) == 0
    shown = capsys.readouterr()
    assert "found before" in shown.out
    assert "bad.mp4" not in shown.out
    assert shown.err == ""


def test_a_killed_worker_costs_its_segment(small_film, tmp_path):
    """The film goes on in another worker, and the result is that of an undisturbed run."""
    shutil.copy(small_film[0], tmp_path / "film.mp4")
    undisturbed = tmp_path / "whole"
    find_all([tmp_path / "film.mp4"], out=undisturbed)
    workers = Processes(2)
    killed: list[int] = []

    def watch(film: str, stage: str, done: int, total: int) -> None:
        if not killed and done > 100:  # beyond the first segment
            import multiprocessing

            pid = max(p.pid or 0 for p in multiprocessing.active_children())
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)

    started = time.monotonic()
    (outcome,) = find_all([tmp_path / "film.mp4"], out=tmp_path / "killed", executor=workers, watch=watch)
    assert killed
    assert (outcome.state, outcome.tries) == ("found", 2)
    assert time.monotonic() - started < 120
    assert content(tmp_path / "killed" / "film.castlist") == content(undisturbed / "film.castlist")


def test_a_film_that_kills_every_worker_is_a_row(tmp_path, monkeypatch):
    import castlist.library.executors as executors

    monkeypatch.setattr(executors, "_serve", _die)
    (outcome,) = Processes(1).run([Task("film.mp4", str(tmp_path / "w"), "")])
    assert isinstance(outcome, Outcome)
    assert (outcome.state, outcome.tries) == ("failed", executors.TRIES)
    assert "killed" in outcome.sentence


def _die(pipe):
    pipe.recv()
    os.kill(os.getpid(), signal.SIGKILL)


def content(workspace: Path) -> dict[str, object]:
    """All that a workspace says of its film, without when and how fast."""
    from castlist.io.exports.cast_json import document
    from castlist.store import Workspace

    with Workspace.open(workspace, write=False) as keep:
        said = document(keep.cast())
    files = sorted(p for p in workspace.rglob("*") if p.suffix in (".npy", ".jpg"))
    return {"cast": json.dumps(said), **{str(p.relative_to(workspace)): p.read_bytes() for p in files}}


def test_what_of_a_film_could_not_be_read_is_in_its_row(matroska_film, tmp_path, capsys):
    cut = tmp_path / "films" / "cut.mkv"
    cut.parent.mkdir()
    cut.write_bytes(matroska_film.read_bytes()[: matroska_film.stat().st_size // 3])
    for state in ("found", "found before"):
        assert run(["find", str(cut.parent), "-q"]) == 0
        row = next(row for row in capsys.readouterr().out.splitlines() if "cut.mkv" in row)
        assert f" {state} " in row
        assert "no pictures that can be read" in row


def test_an_address_without_ray_is_refused(tmp_path, capsys):
    assert run(["find", str(tmp_path), "--address", "10.0.0.1:10001"]) == 2
    assert capsys.readouterr().err.startswith("castlist: --address names a Ray cluster; add --on ray")


def test_a_film_whose_name_is_no_utf8_stays_where_it_is(tmp_path):
    """An update does not move it, a check finds it, and a page plays it and never replaces it."""
    film = touch(Path(os.fsdecode(b"%b/\xe9.mp4" % os.fsencode(tmp_path))))
    lib = Library(tmp_path / "lib")
    assert lib.add(made_film(tmp_path, film.stem, [[1], [2]]))[0].ok
    log = (lib.path / "log.jsonl").read_bytes()
    assert [added.state for added in lib.update()] == ["known"]
    assert (lib.path / "log.jsonl").read_bytes() == log
    assert lib.check() == []
    card = Card(lib.films[0], 0.0, 1.0, "Anna", "", "")
    with pytest.raises(InputError):
        write_results(film, "found", [card])
    write_results(tmp_path / "page.html", "found", [card])
    address = (tmp_path / "page.html").read_text().split('data-film="')[1].split('"')[0]
    assert unquote_to_bytes(address) == b"\xe9.mp4"
