"""The film of a workspace, whose file may have been incomplete when it was searched before.

Films are searched while they are still being copied or recorded. The complete file has another digest; it is
the same film where it begins with all the bytes that were there before.
"""

from __future__ import annotations

import os
from contextlib import suppress

from castlist.decode.files import has_grown
from castlist.errors import WorkspaceError
from castlist.store import Workspace
from castlist.types import Video

__all__ = ["put_film"]


def put_film(workspace: Workspace, video: Video) -> None:
    """Say which film a workspace is about.

    A file that has grown keeps its workspace and all decisions. Where the bytes that were there before are
    not known, or changed, and the earlier search did not reach the film's end, what it found is dropped,
    unless somebody has decided on it.

    Raises:
        InputError: the workspace is about another film.
        VideoError: the film cannot be read.
    """
    before = workspace.video()
    changed = before is not None and before.digest != video.digest and not workspace.erased
    if before is None or not changed or os.path.abspath(before.path) != os.path.abspath(video.path):
        workspace.put_video(video)
        return
    grown = has_grown(video.path, workspace.film_size(), before.digest)
    if not grown and workspace.is_incomplete():
        with suppress(WorkspaceError):  # decisions are kept, and `put_video` refuses the film
            workspace.drop_found()
    workspace.put_video(video, grown=grown)
