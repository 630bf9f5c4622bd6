"""A workspace's folder: all files in it are opened, made and removed here.

A workspace may come from a stranger. Inside it no link is followed, only regular files are opened, opening
and reading never block, and only files with names made by castlist are removed. The workspace's own path is
the user's choice and may be a link.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from castlist.errors import WorkspaceError
from castlist.outputs import new_part

__all__ = ["EMBEDDINGS", "THUMBS", "Folder"]

EMBEDDINGS, THUMBS = "embeddings", "thumbs"
# files synced at the same time: disks combine waiting writes; 200 files took 108 ms, one by one 1,012
SYNCS = 8

# Windows has none of these; creating a link there needs an administrator's rights.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FILE = _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)

# Error numbers of fsync(2) for folders on file systems that cannot sync them; SQLite ignores these, too.
_NO_SYNC = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF}

_PART = re.compile(r"\.[0-9a-f]{32}\.part(-journal)?")  # a file during writing
_PAGE = re.compile(r"\.report-[a-z0-9_]{8}\.html")  # a page during writing
_REMOVABLE = {  # names made by castlist, by folder: no other file is ever removed
    "": re.compile(rf"{_PART.pattern}|{_PAGE.pattern}|(cast|catalogue)\.db\.new(-journal)?"),
    EMBEDDINGS: re.compile(rf"{_PART.pattern}|[0-9a-f]{{16}}-\d{{6}}\.npy"),
    THUMBS: re.compile(rf"{_PART.pattern}|[0-9a-f]{{32}}\.jpg"),
}
_SHELF = re.compile(r"[0-9a-f]{2}")  # folders with pictures


class Folder:
    """The files of one workspace, by names such as "thumbs/ab/abcd.jpg".

    All methods raise WorkspaceError for links and files that are not regular, and OSError for errors of the
    operating system.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def status(self, name: str) -> os.stat_result | None:
        """The status of a file without following links; None if it does not exist."""
        above, leaf = _split(name)
        try:
            with self._inside(above) as folder:
                return os.stat(leaf, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def open(self, name: str, flags: int = os.O_RDONLY, *, one_name: bool = False) -> int:
        """The descriptor of a regular file; the caller closes it.

        Args:
            flags: with os.O_CREAT a missing file is created.
            one_name: raise an error for a file with other names (hard links), for files written in place.
        """
        above, leaf = _split(name)
        with self._inside(above) as folder:
            with suppress(FileNotFoundError):  # before opening: opening a device can have effects
                self._check(name, os.stat(leaf, dir_fd=folder, follow_symlinks=False), one_name)
            try:
                fd = os.open(leaf, flags | _FILE, 0o666, dir_fd=folder)
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.EMLINK):  # replaced by a link since the check
                    raise self._refused(name, "is a link") from None
                raise
        try:
            self._check(name, os.fstat(fd), one_name)
        except WorkspaceError:
            os.close(fd)
            raise
        return fd

    def check(self, name: str, *, one_name: bool = False) -> os.stat_result | None:
        """The status of a file, None if it does not exist; raises the errors of `open`."""
        found = self.status(name)
        if found is not None:
            self._check(name, found, one_name)
        return found

    def read(self, name: str, most: int) -> bytes:
        """The bytes of a file; raises an error if it has more than `most`."""
        with open(self.open(name), "rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise self._refused(name, f"is larger than such a file can be ({most:,} bytes)")
        return data

    @contextmanager
    def written(self, name: str, *, durable: bool = True) -> Iterator[IO[bytes]]:
        """A context with a file for writing, which is named when it is complete, and removed on an error.

        Missing folders are made. A link with the same name is replaced, not followed.

        Args:
            durable: survive a power cut, not only the end of the process.
        """
        above, leaf = _split(name)
        with self._inside(above, make=True) as folder:
            part, fd = new_part(leaf, dir_fd=folder)
            try:
                with open(fd, "wb") as file:
                    yield file
                    file.flush()
                    if durable:
                        os.fsync(fd)
                    try:
                        os.replace(part, leaf, src_dir_fd=folder, dst_dir_fd=folder)
                    except IsADirectoryError:
                        raise self._refused(name, "is a folder") from None
                if durable:
                    _sync_names(folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(part, dir_fd=folder)
                raise

    def make(self, name: str) -> None:
        """Make a folder if it is missing."""
        with self._inside(name.split("/"), make=True):
            pass

    def sync(self, names: list[str]) -> None:
        """Make files written without `durable`, and their names, survive a power cut.

        Files that were removed meanwhile are skipped.
        """
        if not names:
            return
        with ThreadPoolExecutor(min(SYNCS, len(names))) as pool:
            list(pool.map(self._sync_file, names))
            list(pool.map(self._sync_folder, sorted({os.path.dirname(name) for name in names})))

    def _sync_file(self, name: str) -> None:
        with suppress(FileNotFoundError):
            fd = self.open(name)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def _sync_folder(self, above: str) -> None:
        with suppress(FileNotFoundError), self._inside(above.split("/")) as folder:
            _sync_names(folder)

    def removable(self, name: str) -> bool:
        """Whether castlist makes files with such a name and may remove them."""
        above, leaf = _split(name)
        pattern = _REMOVABLE.get(above[0] if above else "")
        return pattern is not None and pattern.fullmatch(leaf) is not None

    def remove(self, name: str) -> int:
        """Remove a file made by castlist; returns its size in bytes, 0 if there is no such file."""
        if not self.removable(name):
            return 0
        above, leaf = _split(name)
        with suppress(OSError, WorkspaceError), self._inside(above) as folder:
            found = os.stat(leaf, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISREG(found.st_mode):
                os.unlink(leaf, dir_fd=folder)
                return found.st_size
        return 0

    def names(self, folder: str = "") -> list[str]:
        """The names of all regular files in a folder of the workspace; for pictures one level deeper."""
        found = []
        above = [folder] if folder else []
        with suppress(FileNotFoundError), self._inside(above) as fd, os.scandir(fd) as entries:
            for entry in entries:
                inner = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_file(follow_symlinks=False):
                    found.append(inner)
                elif folder == THUMBS and _SHELF.fullmatch(entry.name) and _is_folder(entry):
                    found += self._on_shelf(inner)
        return found

    def _on_shelf(self, shelf: str) -> list[str]:
        with self._inside(shelf.split("/")) as fd, os.scandir(fd) as entries:
            return [f"{shelf}/{e.name}" for e in entries if e.is_file(follow_symlinks=False)]

    @contextmanager
    def _inside(self, above: list[str], *, make: bool = False) -> Iterator[int]:
        """A context with the descriptor of a folder in the workspace; links are not followed."""
        fd = os.open(self.path, _FOLDER)
        try:
            for depth, part in enumerate(above):
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=fd)
                try:
                    inner = os.open(part, _FOLDER | _NO_LINK, dir_fd=fd)
                except OSError as error:
                    if error.errno in (errno.ELOOP, errno.ENOTDIR):
                        raise self._refused("/".join(above[: depth + 1]), "is a link or no folder") from None
                    raise
                os.close(fd)
                fd = inner
            yield fd
        finally:
            os.close(fd)

    def _check(self, name: str, found: os.stat_result, one_name: bool) -> None:
        if stat.S_ISLNK(found.st_mode):
            raise self._refused(name, "is a link")
        if not stat.S_ISREG(found.st_mode):
            raise self._refused(name, "is no regular file")
        if one_name and found.st_nlink > 1:
            raise self._refused(name, "has another name elsewhere (a hard link)")

    def _refused(self, name: str, reason: str) -> WorkspaceError:
        return WorkspaceError(
            f"{self.path}: {name} {reason}, which castlist never makes and does not open; "
            "use a workspace that castlist made"
        )


def _split(name: str) -> tuple[list[str], str]:
    """The folders above a file, and the file's own name."""
    *above, leaf = name.split("/")
    return above, leaf


def _sync_names(folder: int) -> None:
    """Make names in a folder survive a power cut, where the file system can: many network ones cannot."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)
