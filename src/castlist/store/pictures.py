"""The small JPEGs of a workspace, each under the hash of its content."""

from __future__ import annotations

from collections import deque
from hashlib import sha256

from castlist.errors import InputError, WorkspaceError
from castlist.store.folder import THUMBS, Folder

__all__ = ["PictureFiles", "picture_name"]

LARGEST_PICTURE = 4 << 20  # bytes: pictures of 128 pixels take some 10,000


class PictureFiles:
    """The pictures of a workspace; several threads may keep some."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._fresh: deque[str] = deque()  # files that a power cut could still take

    def put(self, jpeg: bytes) -> str:
        """Keep a picture; its name. It survives a power cut after the next `sync`."""
        name = picture_name(jpeg)
        if not self.has(name):
            with self._folder.written(_file(name), durable=False) as file:
                file.write(jpeg)
            self._fresh.append(_file(name))
        return name

    def sync(self) -> None:
        """Make the pictures kept so far survive a power cut, all at once."""
        names = [self._fresh.popleft() for _ in range(len(self._fresh))]
        try:
            self._folder.sync(names)
        except BaseException:
            self._fresh.extend(names)  # the next segment tries again
            raise

    def has(self, name: str) -> bool:
        """Whether a picture of that name is there, whole."""
        try:
            self.get(name)
        except (InputError, WorkspaceError):
            return False
        return True

    def get(self, name: str) -> bytes:
        """A picture by the name that `put` gave.

        Raises:
            InputError: that is no such name.
            WorkspaceError: the picture is missing or damaged.
        """
        if len(name) != 32 or not set(name) <= set("0123456789abcdef"):
            raise InputError(f"{name!r} is not the name of a picture")
        path = self._folder.path
        try:
            data = self._folder.read(_file(name), LARGEST_PICTURE)
        except OSError as error:
            raise WorkspaceError(f"{path}: the picture {name} is missing ({error.strerror})") from error
        if picture_name(data) != name:
            raise WorkspaceError(f"{path}: the picture {name} is damaged")
        return data


def picture_name(jpeg: bytes) -> str:
    """The name of a picture: the hash of its content."""
    return sha256(jpeg).hexdigest()[:32]


def _file(name: str) -> str:
    """Where the picture of a name lies in the workspace."""
    return f"{THUMBS}/{name[:2]}/{name}.jpg"
