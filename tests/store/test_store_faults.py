"""Whatever happens to a workspace is one sentence, and nothing confirmed is lost."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from castlist.decisions import Anchor, Decision
from castlist.errors import InputError, WorkspaceBusy, WorkspaceError, WorkspaceNewer
from castlist.store import Workspace, database, schema
from castlist.store.folder import Folder
from castlist.store.paths import path_from_text, path_text
from castlist.types import Clock, Detections, Scan, Video

SENTENCE = r"^[^\n]+$"
FACE = Anchor(Fraction(1), (0.1, 0.1, 0.2, 0.2))


def piece(number, faces=20, frames=8):
    """A segment whose numbers follow from its own."""
    rng = np.random.default_rng(number)
    return Scan(
        Clock(np.arange(frames) + frames * number, Fraction(1, 25)),
        rng.integers(0, 255, (frames, 40)),
        Detections(
            np.sort(rng.integers(0, frames, faces)), rng.random((faces, 4)), rng.random(faces),
            rng.random((faces, 5, 2)),
        ),
        rng.random(faces),
        np.arange(faces),
        rng.standard_normal((faces, 128)),
        ("",) * faces,
    )  # fmt: skip


@pytest.fixture
def place(tmp_path):
    """A closed workspace with two segments, a decision and a picture in it."""
    place = tmp_path / "film.castlist"
    with Workspace.open(place, create=True) as workspace:
        workspace.put_video(Video(tmp_path / "film.mp4", 10, 10, Fraction(25), Fraction(1), "d1"))
        for i in range(2):
            workspace.append("key", piece(i))
        workspace.decisions.append(Decision("hide", (FACE,)))
        workspace.put_image(b"jpeg")
    return place


def content(folder):
    return {f.relative_to(folder): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


# Where a workspace lies


def test_the_place_of_a_workspace(tmp_path):
    assert Workspace.beside(tmp_path / "film.mp4") == tmp_path / "film.castlist"
    assert Workspace.beside(tmp_path / "film") == tmp_path / "film.castlist"
    assert Workspace.beside(tmp_path / "film.castlist") == tmp_path / "film.castlist.castlist"


def test_two_films_that_differ_in_their_suffix_have_two_workspaces(tmp_path):
    first, second = tmp_path / "film.mp4", tmp_path / "film.mkv"
    for film in (first, second):
        film.touch()
        with Workspace.open(Workspace.beside(film), create=True) as workspace:
            workspace.put_video(Video(film, 10, 10, Fraction(25), Fraction(1), film.name))
    assert Workspace.beside(first) == tmp_path / "film.castlist"
    assert Workspace.beside(second) == tmp_path / "film.mkv.castlist"


def test_a_film_renamed_to_another_suffix_keeps_its_workspace(tmp_path):
    first, second = tmp_path / "film.mp4", tmp_path / "film.mkv"
    first.touch()
    with Workspace.open(Workspace.beside(first), create=True) as workspace:
        workspace.put_video(Video(first, 10, 10, Fraction(25), Fraction(1), "d1"))
    first.rename(second)
    with Workspace.open(Workspace.beside(second)) as workspace:
        workspace.put_video(Video(second, 10, 10, Fraction(25), Fraction(1), "d1"))
        assert workspace.video().path == second


@pytest.mark.parametrize("stem", ["a" * 251, "é" * 125, "長" * 83])
def test_names_of_255_bytes(tmp_path, stem):
    place = Workspace.beside(tmp_path / f"{stem}.mp4")
    assert len(os.fsencode(place.name)) <= 255
    assert place != Workspace.beside(tmp_path / f"{stem[:-1]}b.mp4")
    Workspace.open(place, create=True).close()


@pytest.mark.parametrize("name", ["a b", "a\nb", "-rf", "$(id)", "a?b#c%20", "\udcff"])
def test_odd_names(tmp_path, name):
    with Workspace.open(tmp_path / f"{name}.castlist", create=True) as workspace:
        workspace.append("key", piece(0))
    with Workspace.open(tmp_path / f"{name}.castlist", write=False) as workspace:
        assert workspace.segments("key") == 1
        assert workspace.summary()["scans"][0]["segments"] == 1


def test_another_film(place, tmp_path):
    with Workspace.open(place) as workspace, pytest.raises(InputError, match="another film"):
        workspace.put_video(Video(tmp_path / "film.mp4", 10, 10, Fraction(25), Fraction(1), "d2"))


def test_workspace_and_film_moved_together(place, tmp_path):
    new = tmp_path / "new"
    new.mkdir()
    place.rename(new / place.name)
    (new / "film.mp4").touch()
    with Workspace.open(new / place.name, write=False) as workspace:
        assert workspace.video().path == new / "film.mp4"


# What is no workspace


def absent(path):
    pass


def a_file(path):
    path.write_bytes(b"mine")


def full_folder(path):
    path.mkdir()
    (path / "mine").write_bytes(b"mine")


def empty_database(path):
    path.mkdir()
    (path / "cast.db").touch()


def garbage_database(path):
    path.mkdir()
    (path / "cast.db").write_bytes(b"mine" * 2000)


def other_database(path):
    path.mkdir()
    db = sqlite3.connect(path / "cast.db")
    db.execute("CREATE TABLE mine (a)")
    db.commit()
    db.close()


NOT_ONE = [absent, a_file, full_folder, empty_database, garbage_database, other_database]


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("make", NOT_ONE)
def test_what_is_no_workspace_is_one_sentence_and_stays_as_it_is(tmp_path, make, write):
    place = tmp_path / "film.castlist"
    make(place)
    before = content(tmp_path)
    with pytest.raises(WorkspaceError, match=SENTENCE):
        Workspace.open(place, create=write and make is not absent, write=write)
    after = {name: data for name, data in content(tmp_path).items() if name.name != "lock"}
    assert after == before


def read_all(place):
    with Workspace.open(place) as workspace:
        workspace.scan("key")
        workspace.decisions.all()


def test_a_truncated_database(place):
    data = (place / "cast.db").read_bytes()
    (place / "cast.db").write_bytes(data[: len(data) // 2])
    with pytest.raises(WorkspaceError, match="damaged"):
        read_all(place)
    assert (place / "cast.db").read_bytes() == data[: len(data) // 2]


def test_a_later_castlist(place):
    db = sqlite3.connect(place / "cast.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    for write in (True, False):
        with pytest.raises(WorkspaceNewer, match="upgrade castlist"):
            Workspace.open(place, write=write)


def test_migrations_go_step_by_step_and_keep_a_failed_one_out(place):
    db = sqlite3.connect(place / "cast.db", isolation_level=None)
    assert schema.migrate(db) == 0
    next_one = schema.SCHEMA + 1
    later = (*schema.MIGRATIONS, "CREATE TABLE second (a);", "CREATE TABLE third (a); nonsense;")
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(db, later)
    assert schema.check(db, place, newest=next_one + 1) == next_one
    assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'third'").fetchone() == (0,)
    assert db.execute("SELECT count(*) FROM decisions").fetchone() == (1,)
    db.close()


def first_schema(place):
    """Take a workspace back to the schema of castlist 0.1."""
    db = sqlite3.connect(place / "cast.db", isolation_level=None)
    for column in ("timecode", "hidden"):
        db.execute(f"ALTER TABLE video DROP COLUMN {column}")
    for table in ("proposed_faces", "proposals", "decided_groups", "decided_numbers", "decided_actions"):
        db.execute(f"DROP TABLE {table}")
    for column in ("turned", "negative"):
        db.execute(f"ALTER TABLE casts DROP COLUMN {column}")
    db.execute("ALTER TABLE casts DROP COLUMN decision")
    db.execute("ALTER TABLE people DROP COLUMN place")
    db.execute("PRAGMA user_version = 1")
    db.close()


def test_a_workspace_of_an_earlier_castlist_is_read_as_it_is(place):
    first_schema(place)
    before = (place / "cast.db").read_bytes()
    with Workspace.open(place, write=False) as workspace:
        assert workspace.video().timecode == ""
        assert len(workspace.decisions.all()) == 1
    assert (place / "cast.db").read_bytes() == before


def test_a_decision_upgrades_the_workspace_of_an_earlier_castlist(place):
    first_schema(place)
    with Workspace.open(place, write=False) as workspace:
        with Workspace.open(place):
            pass  # another run did so meanwhile
        workspace.decisions.append(Decision("hide", (FACE,)))
        assert len(workspace.decisions.all()) == 2
    assert (place / "cast.db.schema1").exists()
    with Workspace.open(place, write=False) as workspace:
        assert len(workspace.decisions.all()) == 2


def test_a_decision_waits_with_an_upgrade_until_a_run_has_ended(place):
    with Workspace.open(place):
        first_schema(place)
        with Workspace.open(place, write=False) as workspace:
            with pytest.raises(WorkspaceBusy):
                workspace.decisions.append(Decision("hide", (FACE,)))
            assert len(workspace.decisions.all()) == 1


@pytest.mark.parametrize("harm", ["missing", "truncated", "another", "pickle"])
def test_a_shard_that_is_not_what_was_written(place, harm):
    shard = sorted((place / "embeddings").iterdir())[1]
    if harm == "missing":
        shard.unlink()
    elif harm == "truncated":
        shard.write_bytes(shard.read_bytes()[:300])
    elif harm == "another":
        np.save(shard, np.zeros((20, 128), np.float16))
    else:
        np.save(shard, np.array([{}] * 20), allow_pickle=True)
    with Workspace.open(place) as workspace:
        with pytest.raises(WorkspaceError, match=r"is missing|is damaged"):
            workspace.scan("key")
        assert len(workspace.decisions.all()) == 1
        workspace.forget("key")
        assert workspace.segments("key") == 0
        workspace.append("key", piece(0))
        assert len(workspace.scan("key")) == 8
        assert len(workspace.decisions.all()) == 1


def test_a_picture_that_is_missing_or_damaged(place):
    (picture,) = place.rglob("*.jpg")
    with Workspace.open(place) as workspace:
        picture.write_bytes(b"other")
        with pytest.raises(WorkspaceError, match="damaged"):
            workspace.image(picture.stem)
        picture.unlink()
        with pytest.raises(WorkspaceError, match="missing"):
            workspace.image(picture.stem)


@pytest.mark.parametrize("name", ["", "../../cast.db", "a" * 31, "A" * 32, "/" * 32, "0" * 32 + "\n"])
def test_names_that_are_no_pictures(place, name):
    with Workspace.open(place) as workspace, pytest.raises(InputError, match=SENTENCE):
        workspace.image(name)


def test_pictures_are_synced_with_the_segment_that_follows_them(place, monkeypatch):
    synced = []
    plain = os.fsync

    def note(fd):
        synced.append(os.readlink(f"/proc/self/fd/{fd}"))
        plain(fd)

    with Workspace.open(place) as workspace:
        names = [workspace.put_image(jpeg) for jpeg in (b"one", b"two", b"three")]
        (place / "thumbs" / names[2][:2] / f"{names[2]}.jpg").unlink()  # removed meanwhile, without any loss
        monkeypatch.setattr(os, "fsync", note)
        workspace.append("key", piece(2))
        monkeypatch.undo()
    for name in names[:2]:
        assert any(path.endswith(f"{name}.jpg") for path in synced)
        assert any(path.endswith(f"thumbs/{name[:2]}") for path in synced)


def test_pieces_that_do_not_follow(place):
    with Workspace.open(place) as workspace:
        with pytest.raises(InputError, match="starts at tick 8"):
            workspace.append("key", piece(1))
        one = piece(2)
        slow = Scan(
            Clock(one.clock.pts, Fraction(1, 30)), one.signal, one.detections, one.quality, one.embedded,
            one.vector, one.image,
        )  # fmt: skip
        with pytest.raises(InputError, match="counts time"):
            workspace.append("key", slow)
        loud = Scan(
            one.clock, one.signal, one.detections, one.quality, one.embedded, one.vector * 1e6, one.image
        )
        with pytest.raises(InputError, match="float16"):
            workspace.append("key", loud)
        assert workspace.segments("key") == 2
        workspace.complete("key")
        with pytest.raises(WorkspaceError, match="complete"):
            workspace.append("key", one)


# Who else is there


def test_a_second_run_is_refused_and_readers_are_not(place):
    with Workspace.open(place) as first:
        with pytest.raises(WorkspaceBusy, match="another thread of this program"):
            Workspace.open(place)
        with Workspace.open(place, write=False) as reader:
            assert reader.segments("key") == 2
            first.append("key", piece(2))
            assert reader.segments("key") == 3
            with pytest.raises(WorkspaceError, match="only for reading"):
                reader.append("key", piece(3))
    Workspace.open(place).close()


def test_a_forked_child_does_not_hold_the_lock(place):
    workspace = Workspace.open(place)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.read(reader, 1)  # lives until the test is over
        os._exit(0)
    workspace.close()
    try:
        Workspace.open(place).close()
    finally:
        os.close(writer)
        os.close(reader)
        os.waitpid(child, 0)


# Disks


@pytest.mark.parametrize("room", [1 << 12, 1 << 16, 1 << 18])
def test_a_disk_without_room(place, room):
    """The system refuses every file that grows beyond `room` bytes, in a process of its own."""
    script = (
        "import resource, sys; sys.path.insert(0, sys.argv[3])\n"
        "from test_store_faults import piece, FACE\n"
        "from castlist.errors import WorkspaceBusy, WorkspaceError\n"
        "from castlist.decisions import Decision\n"
        "from castlist.store import Workspace\n"
        "from pathlib import Path\n"
        "workspace = Workspace.open(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "done = 2\n"
        "try:\n"
        "    while done < 400:\n"
        "        workspace.append('key', piece(done, faces=200)); done += 1\n"
        "except WorkspaceError as error:\n"
        "    print(done, error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, place, str(room), str(Path(__file__).parent)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.stderr == ""
    done, sentence = ran.stdout.split(" ", 1)
    assert "full" in sentence
    with Workspace.open(place) as workspace:
        assert workspace.segments("key") == int(done)
        assert len(workspace.scan("key")) == 8 * int(done)
        assert len(workspace.decisions.all()) == 1
        workspace.append("key", piece(int(done)))
    assert not list(place.rglob("*.part"))


@pytest.mark.parametrize(
    ("number", "words"),
    [(28, "disk is full"), (30, "cannot be written"), (13, "cannot be written"), (5, "error")],
)
def test_what_the_system_says_of_a_folder(place, monkeypatch, number, words):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    with Workspace.open(place) as workspace:
        monkeypatch.setattr(os, "replace", refuse)
        with pytest.raises(WorkspaceError, match=words):
            workspace.append("key", piece(2))
        with pytest.raises(WorkspaceError, match=words):
            workspace.put_image(b"another")
        monkeypatch.undo()
        assert workspace.segments("key") == 2
        workspace.append("key", piece(2))
    assert not list(place.rglob("*.part"))


def test_a_folder_where_nothing_can_be_made():
    with pytest.raises(WorkspaceError, match=r"cannot be written|No such file"):
        Workspace.open(Path("/proc/film.castlist"), create=True)


def test_a_file_is_whole_or_not_there(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(TypeError), Folder(tmp_path).written("a") as file:
        file.writelines([b"ne", None])
    assert content(tmp_path) == {Path("a"): b"old"}
    with Folder(tmp_path).written("a") as file:
        file.write(b"new")
    assert content(tmp_path) == {Path("a"): b"new"}


def test_an_interrupted_transaction_leaves_nothing(place, monkeypatch):
    with Workspace.open(place) as workspace:
        monkeypatch.setattr(
            "castlist.store.columns.write", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            workspace.append("key", piece(2))
        monkeypatch.undo()
        assert workspace.segments("key") == 2
        workspace.append("key", piece(2))


# Sudden death

KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_store_faults import piece, FACE
from castlist.decisions import Decision
from castlist.store import Workspace
with Workspace.open(Path(sys.argv[1]), create=True) as workspace:
    print("open", flush=True)
    for i in range(workspace.segments("key"), 100_000):
        workspace.append("key", piece(i))
        print("segment", i, flush=True)
        print("decision", workspace.decisions.append(Decision("name", (FACE,), f"name {i}")), flush=True)
"""


@pytest.mark.parametrize("seed", range(5))
def test_what_was_confirmed_survives_a_kill(tmp_path, seed):
    place = tmp_path / "film.castlist"
    rng = random.Random(seed)  # noqa: S311
    segments, decisions = 0, 0
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, place, str(Path(__file__).parent)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout.readline() == "open\n"
        time.sleep(rng.uniform(0, 0.25))
        child.send_signal(signal.SIGKILL)
        lines = child.communicate()[0].splitlines(keepends=True)
        said = [line.split() for line in lines if line.endswith("\n")]  # a line cut short was never said
        segments = max([segments, *(int(n) + 1 for kind, n in said if kind == "segment")])
        decisions = max([decisions, *(int(n) for kind, n in said if kind == "decision")])
        with Workspace.open(place) as workspace:
            assert segments <= workspace.segments("key") <= segments + 1
            assert decisions <= len(workspace.decisions.all()) <= decisions + 1
            stored = workspace.scan("key")
            if stored is not None:
                whole = Scan.join([piece(i) for i in range(workspace.segments("key"))])
                assert np.array_equal(stored.vector, whole.vector.astype(np.float16).astype(np.float32))
                assert np.array_equal(stored.clock.pts, whole.clock.pts)
                assert np.array_equal(stored.detections.box, whole.detections.box)
            segments, decisions = workspace.segments("key"), len(workspace.decisions.all())


@pytest.mark.parametrize("left", ["", "cast.db.new", "lock"])
def test_death_while_a_workspace_is_made(tmp_path, left):
    place = tmp_path / "film.castlist"
    (place / "embeddings").mkdir(parents=True)
    if left:
        (place / left).write_bytes(b"half")
    with Workspace.open(place, create=True) as workspace:
        assert workspace.video() is None


def test_the_decisions_of_one_workspace_share_a_connection(place, monkeypatch):
    opened, reach = [], database.reach
    with Workspace.open(place, write=False) as workspace:
        monkeypatch.setattr(database, "reach", lambda *given: opened.append(given) or reach(*given))
        for _ in range(3):
            workspace.decisions.append(Decision("hide", (FACE,)))
        with pytest.raises(InputError, match="no decision 99"):
            workspace.decisions.undo(99)
        workspace.decisions.append(Decision("hide", (FACE,)))
    assert len(opened) == 2  # after an error the connection is not trusted any more
    with Workspace.open(place, write=False) as workspace:
        assert [d.id for d in workspace.decisions.all()] == [1, 2, 3, 4, 5]


def test_a_decision_goes_to_a_database_that_was_brought_back_meanwhile(place, tmp_path):
    copy = tmp_path / "copy.db"
    shutil.copy(place / "cast.db", copy)
    with Workspace.open(place, write=False) as workspace:
        workspace.decisions.append(Decision("hide", (FACE,)))
        for log in ("cast.db-wal", "cast.db-shm"):
            (place / log).unlink(missing_ok=True)
        os.replace(copy, place / "cast.db")
        workspace.decisions.append(Decision("background", (FACE,)))
    with Workspace.open(place, write=False) as workspace:
        assert [str(d.kind) for d in workspace.decisions.all()] == ["hide", "background"]


def test_a_workspace_that_is_moved_while_it_is_written_is_said_to_be_gone(tmp_path):
    with Workspace.open(tmp_path / "a.castlist", create=True) as keep:
        keep.put_image(b"first")
        (tmp_path / "a.castlist").rename(tmp_path / "b.castlist")
        with pytest.raises(WorkspaceError, match=r"a\.castlist: the folder or a file in it is not there"):
            keep.put_image(b"second")
    assert not (tmp_path / "a.castlist").exists()


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF])
def test_a_file_system_that_cannot_sync_folders(place, monkeypatch, number):
    """As many of a network are: whatever is written is written there, too."""
    real = os.fsync

    def fsync(fd):
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(number, os.strerror(number))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    folder = Folder(place)
    with folder.written("thumbs/ab/" + "a" * 32 + ".jpg") as file:
        file.write(b"x")
    folder.sync(["thumbs/ab/" + "a" * 32 + ".jpg"])
    assert folder.read("thumbs/ab/" + "a" * 32 + ".jpg", 9) == b"x"
    monkeypatch.setattr(os, "fsync", lambda fd: _fails(errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        folder.sync(["thumbs/ab/" + "a" * 32 + ".jpg"])


def _fails(number):
    raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP])
def test_a_file_system_that_cannot_lock_files(place, monkeypatch, number):
    import fcntl

    monkeypatch.setattr(fcntl, "flock", lambda fd, how: _fails(number))
    before = sorted(place.rglob("*"))
    with pytest.raises(
        WorkspaceError, match=r"cannot lock files .* move the folder to a disk of this computer"
    ):
        Workspace.open(place)
    assert sorted(place.rglob("*")) == before
    with Workspace.open(place, write=False) as keep:
        keep.decisions.all()


def test_a_database_that_cannot_be_made_leaves_nothing(tmp_path, monkeypatch):
    """On a full disk, every further try would leave one more file."""
    folder = Folder(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda fd: _fails(errno.ENOSPC))
    for _ in range(3):
        with pytest.raises(OSError, match="space"):
            database.create(folder)
    monkeypatch.undo()
    monkeypatch.setattr(schema, "migrate", lambda db: db.execute("not SQL"))
    with pytest.raises(sqlite3.Error):
        database.create(folder)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_names_that_are_no_utf8(place, tmp_path):
    """The workspace is upgraded, noted as renamed, and found by the film."""
    film = Path(os.fsdecode(b"%b/\xff\xfe bad.mp4" % os.fsencode(tmp_path)))
    film.write_bytes(b"film")
    odd = place.rename(film.with_suffix(".castlist"))
    first_schema(odd)
    with Workspace.open(odd) as workspace:
        workspace.put_video(Video(film, 10, 10, Fraction(25), Fraction(1), "d1"))
        assert workspace.summary()["workspace"].endswith("\\xff\\xfe bad.castlist")
    assert list(odd.glob("cast.db.schema*"))
    assert Workspace.beside(film) == odd
    assert path_from_text(path_text(odd)) == odd
    assert path_from_text(path_text(film.with_name("away"))) == film.with_name("away")
    plain = tmp_path / "\\xff\\xfe bad.castlist"
    plain.mkdir()
    assert path_from_text(path_text(odd)) == plain  # a folder of that very name is meant itself
