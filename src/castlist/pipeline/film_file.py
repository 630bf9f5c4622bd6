"""The film of a workspace, where the file may have been incomplete in an earlier run.

A film can be scanned while it is still being copied or recorded. The complete file has another digest; it is
the same film if it begins with all bytes of the earlier file.
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
    """Store the film of a workspace.

    A file that has grown keeps its workspace and all decisions. If the earlier bytes are unknown or have
    changed, and the earlier run did not reach the film's end, its results are dropped, unless there are
    decisions on them.

    Raises:
        InputError: the workspace is that of another film.
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
