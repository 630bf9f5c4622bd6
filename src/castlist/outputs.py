"""Refuses output paths that must not be written: films, databases, files of a workspace or a library.

Every function that writes a file for the user calls these checks first.
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
    "FULL",
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

PAGES = ("report.html", "explain.html", "sheet.html")  # pages that castlist writes into a workspace
MARK = "written by castlist"  # the comment in films that castlist writes: these may be overwritten
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})  # errors of the system: there is no more room
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
READ = 16 << 20  # bytes searched for MARK: in a film of hours, the index comes before it
DATABASE = b"SQLite format 3\0"
_WORKSPACE, _LIBRARY = ("cast.db",), ("log.jsonl", "catalogue.db")
_OWN = ("log.jsonl", "catalogue.db", "lock", "tracks.faiss", "tracks.npy", "tracks.json")  # a library's files

# First bytes of films, from the specifications of the containers; most of them are listed at
# https://www.garykessler.net/library/file_sigs.html. The first four bytes of a box of QuickTime and MP4 are
# its length.
_BOXES = (b"ftyp", b"moov", b"mdat")
# Names that are English words: a text may begin with one, so the length of such a box must begin with 0.
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
_STAMP = 4  # bytes of the timestamp before each packet on discs (BDAV)


# Characters, control characters among them, that some system forbids in file names.
_IMPOSSIBLE = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|]')
# Marks that change the direction of writing: with one, a file name seems to have another ending.
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LONGEST = 60  # characters of a name within a file name, of at most 4 bytes each: the limit is 255 bytes


def file_name(name: str) -> str:
    """A name from a file or a user as a part of a file name: valid on every file system, never a path.

    >>> file_name("../Anna/Bob")
    '_Anna_Bob'
    """
    plain = _DIRECTION.sub("", name.encode("utf-8", "replace").decode())
    return _IMPOSSIBLE.sub("_", plain)[:_LONGEST].strip(" .") or "_"


def looks_like_film(beginning: bytes) -> bool:
    """Whether the first bytes of a file (400 are enough) are those of a film in a usual container."""
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
    """Refuse an output path that must not be written; links and other spellings are resolved.

    Args:
        films: the films that are read; they are recognised even where their format is not.
        film: the output is a film: it may replace a film that castlist wrote.
        page: the output is a page: it may be a workspace's own `report.html`, `explain.html` or `sheet.html`.
        folder: the folder must exist; it is not made.

    Raises:
        InputError: the path is that of a film, a database or a folder; is in a workspace; is a file of a
            library; has a folder that can neither be written to nor made; or is no path. Nothing was changed.
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
    if not target.exists() or target.is_file():  # not true of a device or a pipe
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
    """Refuse a file in a folder that is none or cannot be written to; a missing folder can be made."""
    place = Path(os.path.realpath(target))
    folder = next(parent for parent in place.parents if parent.exists())
    if not folder.is_dir():
        raise InputError(f"{target}: {folder} is a file, not a folder; name a file in another folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{target}: you may not write into {folder}; name a file in another folder")


def check_output_folder(path: str | os.PathLike[str], *, apart: bool = False) -> None:
    """Refuse a folder into which files of the user must not be written.

    Args:
        apart: refuse also a library and the folders inside it: the output contains vectors or pictures of
            people, and erasing a person from the library would not find them there.

    Raises:
        InputError: it is a file, a workspace or a folder inside one. Nothing was changed.
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
            f"{target} lies in the library {library.name}; to erase a person from the library would leave "
            "this file there: name a folder outside of it"
        )


def check_apart(outputs: Iterable[Path | None], inputs: Iterable[str | os.PathLike[str]] = ()) -> None:
    """Refuse to overwrite a file that the same command reads, and to write two results into one file.

    Args:
        outputs: files to write; None for an output that was not asked for.
        inputs: files that are read.

    Raises:
        InputError: two paths are one file; links and spellings are resolved. Nothing was changed.
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
    """A key that is equal for two names of one file: device and inode, or the path of a file not made yet."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


@contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A file beside the output, of the same suffix, that replaces the output once it is complete.

    If writing fails, the previous file stays. Devices and pipes are written to directly.

    Raises:
        OSError: the file cannot be written.
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
    """The sentence that a file of the user cannot be written, and what to do."""
    full = error.errno in FULL
    advice = "free some space, or name another file" if full else "name another file or folder"
    return f"{os.fsdecode(path)}: cannot be written ({error.strerror or error}); {advice}"


@contextmanager
def part_file(path: Path, suffix: str = "") -> Iterator[Path]:
    """An empty file beside the output, which takes the output's name when it is complete, or is removed.

    Unfinished files that killed commands left for the same output are removed, too.

    Raises:
        OSError: the file cannot be made.
    """
    remove_unfinished(path)
    name, fd = new_part(path.name, suffix, folder=path.parent)
    part = path.with_name(name)
    try:
        if sys.platform == "win32":  # Windows does not rename an open file
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
    """The name and descriptor of a new empty file, to be renamed later within the same folder.

    While it is open, it is locked, so that other processes do not remove it as a file of a killed command.

    Raises:
        OSError: the file cannot be made.
    """
    while True:
        part = f".{_begin(name)}{uuid4().hex[:16]}.part{suffix}"
        fd = os.open(folder / part, _NEW, 0o666, dir_fd=dir_fd)
        if _held(fd):
            return part, fd
        os.close(fd)


def _held(fd: int) -> bool:
    """Lock a new file; False if another castlist process has just removed it as a file of a killed
    command."""
    if sys.platform != "win32":
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # the file system has no locks: on it, no unfinished files are removed
            return True
    return os.fstat(fd).st_nlink > 0


def _begin(name: str) -> str:
    return sha256(os.fsencode(name)).hexdigest()[:16]


def remove_unfinished(path: Path) -> None:
    """Remove the unfinished files that killed commands left for an output.

    A process that is still writing locks its file (see `new_part`), and the file stays.
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
    """A text as a path; raises InputError where it cannot be one."""
    name = os.fsdecode(path)
    if not name or "\0" in name:
        raise InputError("the name of the file to write is empty or contains a zero character; name a file")
    refuse_address(name, written=True)
    return Path(name)


def _place_of(target: Path, page: bool) -> str:
    """The workspace or library that a file belongs to, as written or after resolving links; "" for none.

    A workspace's own pages may be written; a library's folder may hold films and their files.
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
    """Whether a folder is a workspace or a library; "" if neither."""
    if any((folder / name).is_file() for name in _WORKSPACE):
        return "workspace"
    return "library" if all((folder / name).is_file() for name in _LIBRARY) else ""


def _same(path: Path, other: Path) -> bool:
    """Whether two paths are one file."""
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False
