"""The small JPEGs of a workspace, named by the hash of their content."""

from __future__ import annotations

from collections import deque
from hashlib import sha256

from castlist.errors import InputError, WorkspaceError
from castlist.store.folder import THUMBS, Folder

__all__ = ["PictureFiles", "picture_name"]

LARGEST_PICTURE = 4 << 20  # bytes: pictures of 128 pixels take some 10,000


class PictureFiles:
    """The pictures of a workspace; several threads may store some."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._fresh: deque[str] = deque()  # files that do not survive a power cut yet

    def put(self, jpeg: bytes) -> str:
        """Store a picture; returns its name. It survives a power cut after the next `sync`."""
        name = picture_name(jpeg)
        if not self.has(name):
            with self._folder.written(_file(name), durable=False) as file:
                file.write(jpeg)
            self._fresh.append(_file(name))
        return name

    def sync(self) -> None:
        """Make all pictures stored so far survive a power cut."""
        names = [self._fresh.popleft() for _ in range(len(self._fresh))]
        try:
            self._folder.sync(names)
        except BaseException:
            self._fresh.extend(names)  # the next segment tries again
            raise

    def has(self, name: str) -> bool:
        """Whether there is a complete picture of that name."""
        try:
            self.get(name)
        except (InputError, WorkspaceError):
            return False
        return True

    def get(self, name: str) -> bytes:
        """A picture by its name from `put`.

        Raises:
            InputError: it is not the name of a picture.
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
    """The path of a picture in the workspace."""
    return f"{THUMBS}/{name[:2]}/{name}.jpg"
