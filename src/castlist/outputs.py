"""Which paths may be written: never a film, a database, a file inside a workspace, or one of a library's own.

Everything that writes a file for the user asks here before it begins.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from castlist.errors import InputError
from castlist.web_addresses import refuse_address

if sys.platform != "win32":
    import fcntl

__all__ = [
    "MARK",
    "PAGES",
    "check_apart",
    "check_output",
    "check_output_folder",
    "file_name",
    "kind_of_folder",
    "looks_like_film",
    "new_part",
    "part_file",
    "remove_unfinished",
    "unwritten",
    "whole",
]

PAGES = ("report.html", "explain.html", "sheet.html")  # which castlist itself writes into a workspace
MARK = "written by castlist"  # the comment in films that castlist writes: they may be written again
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
READ = 16 << 20  # bytes in which the mark is looked for: the index of a film of hours comes before it
DATABASE = b"SQLite format 3\0"
_WORKSPACE, _LIBRARY = ("cast.db",), ("log.jsonl", "catalogue.db")
_OWN = ("log.jsonl", "catalogue.db", "lock", "tracks.faiss", "tracks.npy", "tracks.json")  # a library's files

# How films begin, as the specifications of the containers have it; https://www.garykessler.net/library/file_sigs.html
# lists most of them. The first four bytes of a box of QuickTime and MP4 are its length.
_BOXES = (b"ftyp", b"moov", b"mdat")
# Names that are English words: a text may begin with one, so a box must have a length that begins with 0.
_SHORT_BOXES = (b"wide", b"free", b"skip", b"pnot", b"moof", b"styp")
_BEGINNINGS = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, WMV
    b"FLV\x01",
    b"OggS",
    b"\0\0\1",  # MPEG program and video streams, H.264 and H.265 without a container
    b"\0\0\0\1",
    b"\x06\x0e\x2b\x34",  # MXF
    b"\x1f\x07\x00",  # DV
    b"\x12\x00\x0a",  # AV1 without a container
    b"YUV4MPEG2",
    b"DKIF",  # IVF
    b".RMF",  # RealMedia
    b"nut/multimedia container",
    b"GIF8",
)
_PACKET = 188  # bytes of a packet of an MPEG transport stream (ISO/IEC 13818-1)
_SYNC = 0x47  # its first byte
_STAMP = 4  # bytes of time before each packet on discs (BDAV)


# What no file's name may hold on some system, control characters among them
_IMPOSSIBLE = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|]')
# Marks that turn the direction of writing: a file's name with one shows another ending than it has.
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LONGEST = 60  # characters of a name in a file's name, of at most 4 bytes each: 255 bytes are the limit


def file_name(name: str) -> str:
    """A name from a file or a user as part of a file's name: one that every file system takes, never a path.

    >>> file_name("../Anna/Bob")
    '_Anna_Bob'
    """
    plain = _DIRECTION.sub("", name.encode("utf-8", "replace").decode())
    return _IMPOSSIBLE.sub("_", plain)[:_LONGEST].strip(" .") or "_"


def looks_like_film(beginning: bytes) -> bool:
    """Whether a file that begins like this (400 bytes will do) is a film of a usual container."""
    box = beginning[4:8]
    if box in _BOXES or (box in _SHORT_BOXES and beginning[:1] == b"\0"):
        return True
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"AVI ":
        return True
    steps = ((0, _PACKET), (_STAMP, _PACKET + _STAMP))
    if any(_synced(beginning[first::step]) for first, step in steps):
        return True
    return beginning.startswith(_BEGINNINGS)


def _synced(packets: bytes) -> bool:
    return len(packets) > 1 and set(packets) == {_SYNC}


def check_output(
    path: str | os.PathLike[str],
    *,
    films: Iterable[Path] = (),
    film: bool = False,
    page: bool = False,
    folder: bool = False,
) -> None:
    """Refuse a path under which nothing may be written, whatever links or spellings lead there.

    Args:
        films: the films that are read; they are known as what they are where their kind is not.
        film: a film is written: it may replace one that castlist wrote before.
        page: a page is written: it may be a workspace's own `report.html`, `explain.html` or `sheet.html`.
        folder: the folder must be there: it is not made.

    Raises:
        InputError: a film, a database or a folder lies there, it is inside a workspace or one of the files of
            a library, its folder can neither be written to nor made, or it is no path. Nothing was changed.
    """
    target = _path(path)
    if target.is_dir():
        raise InputError(f"{target} is a folder; name a file to write")
    place = _place_of(target, page)
    if place:
        raise InputError(
            f"{target} lies in {place}, where only castlist's own files belong; name a file in another folder"
        )
    if folder and not target.absolute().parent.is_dir():
        raise InputError(
            f"{target}: the folder {target.parent} does not exist; make it, or name another file"
        )
    if not target.exists() or target.is_file():  # not so of a device or a pipe
        _check_writable(target)
    if not target.is_file():
        return
    if any(_same(target, other) for other in films):
        raise InputError(f"{target} is the film itself; name another file to write")
    with suppress(OSError), open(target, "rb") as file:
        beginning = file.read(400)
        if beginning.startswith(DATABASE):
            raise InputError(
                f"{target} is a database, which castlist does not replace; name another file to write"
            )
        if looks_like_film(beginning) and not (film and MARK.encode() in beginning + file.read(READ)):
            if film:
                raise InputError(
                    f"{target} is a film that castlist did not write; name another file, or remove that film"
                )
            raise InputError(
                f"{target} is a film, which castlist does not replace; name another file to write"
            )


def _check_writable(target: Path) -> None:
    """Refuse a file whose folder is none, or cannot be written to; a folder that is missing can be made."""
    place = Path(os.path.realpath(target))
    folder = next(parent for parent in place.parents if parent.exists())
    if not folder.is_dir():
        raise InputError(f"{target}: {folder} is a file, not a folder; name a file in another folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{target}: you may not write into {folder}; name a file in another folder")


def check_output_folder(path: str | os.PathLike[str], *, apart: bool = False) -> None:
    """Refuse a folder into which no files of the user's may be written.

    Args:
        apart: refuse a library, and what is inside one, too: what is written holds vectors or pictures of
            people, which are not found there when somebody is erased from the library.

    Raises:
        InputError: it is a file, a workspace or inside one. Nothing was changed.
    """
    target = _path(path)
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file; name a folder to write to")
    place = _place_of(target / "file", page=False)
    if place:
        raise InputError(
            f"{target} belongs to {place}, where only castlist's own files are; name another folder"
        )
    above = [f for way in (os.path.abspath, os.path.realpath) for f in Path(way(target), "file").parents]
    library = (
        next((folder for folder in above if kind_of_folder(folder) == "library"), None) if apart else None
    )
    if library is not None:
        raise InputError(
            f"{target} lies in the library {library.name}; when somebody is erased from the library, what is "
            "written there would stay: name a folder outside of it"
        )


def check_apart(outputs: Iterable[Path | None], inputs: Iterable[str | os.PathLike[str]] = ()) -> None:
    """Refuse to write over a file that the same command reads, or two results into one file.

    Args:
        outputs: files that are to be written; None for one that is not asked for.
        inputs: files that are read.

    Raises:
        InputError: two of them are one file, whatever links or spellings lead there. Nothing was changed.
    """
    read = {_file(path) for path in inputs}
    written: set[str | tuple[int, int]] = set()
    for output in outputs:
        if output is None:
            continue
        place = _file(output)
        if place in read:
            raise InputError(f"{output} is read by this command; name another file to write")
        if place in written:
            raise InputError(f"{output} is named for two results; name a file for each")
        written.add(place)


def _file(path: str | os.PathLike[str]) -> str | tuple[int, int]:
    """What two names of one file have in common: device and inode, or where a new file would lie."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


@contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A file beside the one to write, of the same suffix, which takes its place once it is complete.

    Where writing it fails, what was there before stays. Devices and pipes are written to as they are.

    Raises:
        OSError: it cannot be written.
    """
    place = Path(os.path.realpath(path))
    if place.exists() and not place.is_file():
        yield place
        return
    with part_file(place, place.suffix) as part:
        yield part
        with open(part, "rb") as file:
            os.fsync(file.fileno())
        os.replace(part, place)


def unwritten(path: str | os.PathLike[str], error: OSError) -> str:
    """That a file of the user's cannot be written, and what to do, in a sentence."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    advice = "free some space, or name another file" if full else "name another file or folder"
    return f"{os.fsdecode(path)}: cannot be written ({error.strerror or error}); {advice}"


@contextmanager
def part_file(path: Path, suffix: str = "") -> Iterator[Path]:
    """An empty file beside the one to write, to be written and to take its name; removed where it did not.

    What killed commands began to write for the same file is removed, too.

    Raises:
        OSError: it cannot be made.
    """
    remove_unfinished(path)
    name, fd = new_part(path.name, suffix, folder=path.parent)
    part = path.with_name(name)
    try:
        if sys.platform == "win32":  # a file that is open there cannot get another name
            os.close(fd)
        yield part
    finally:
        if sys.platform != "win32":
            os.close(fd)
        with suppress(OSError):
            part.unlink(missing_ok=True)


def new_part(
    name: str, suffix: str = "", *, folder: Path = Path(), dir_fd: int | None = None
) -> tuple[str, int]:
    """An empty file, open for writing, that is to get a name later in the same folder: its own name, and it.

    As long as it is open, nobody takes it for one that a killed command left; the system sees to that.

    Raises:
        OSError: it cannot be made.
    """
    while True:
        part = f".{_begin(name)}{uuid4().hex[:16]}.part{suffix}"
        fd = os.open(folder / part, _NEW, 0o666, dir_fd=dir_fd)
        if _held(fd):
            return part, fd
        os.close(fd)


def _held(fd: int) -> bool:
    """Hold a new file; False where another castlist has just taken it for one that a killed command left."""
    if sys.platform != "win32":
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # the file system knows no locks: there nothing is removed
            return True
    return os.fstat(fd).st_nlink > 0


def _begin(name: str) -> str:
    return sha256(os.fsencode(name)).hexdigest()[:16]


def remove_unfinished(path: Path) -> None:
    """Remove what killed commands began to write for a file and did not finish.

    Whoever still writes holds the file (see `new_part`), and keeps it.
    """
    if sys.platform == "win32":
        return
    unfinished = re.compile(rf"\.{_begin(path.name)}[0-9a-f]{{16}}\.part(\..*)?", re.DOTALL)
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if unfinished.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _remove_unheld(entry.path)


def _remove_unheld(path: str) -> None:
    with suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
        finally:
            os.close(fd)


def _path(path: str | os.PathLike[str]) -> Path:
    """A path as given; raises InputError where it can be none."""
    name = os.fsdecode(path)
    if not name or "\0" in name:
        raise InputError("the name of the file to write is empty or contains a zero character; name a file")
    refuse_address(name, written=True)
    return Path(name)


def _place_of(target: Path, page: bool) -> str:
    """The workspace or library of which a file is a part, as written or where its links lead; "" for none.

    A workspace's own pages may be written, and a library's folder may hold films and what belongs to them.
    """
    for place in dict.fromkeys((Path(os.path.abspath(target)), Path(os.path.realpath(target)))):
        for folder in place.parents:
            kind = kind_of_folder(folder)
            if page and kind == "workspace" and folder == place.parent and place.name in PAGES:
                break
            if kind == "workspace" or (kind and folder == place.parent and place.name.startswith(_OWN)):
                return f"the {kind} {folder.name}"
    return ""


def kind_of_folder(folder: Path) -> str:
    """Whether a folder is a workspace or a library, "" where it is neither."""
    if any((folder / name).is_file() for name in _WORKSPACE):
        return "workspace"
    return "library" if all((folder / name).is_file() for name in _LIBRARY) else ""


def _same(path: Path, other: Path) -> bool:
    """Whether two paths are one file."""
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False
