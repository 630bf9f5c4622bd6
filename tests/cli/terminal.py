"""What castlist prints where it writes to a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys


def in_a_terminal(*arguments: str, **more: str) -> str:
    """What castlist prints in a terminal of its own."""
    leader, follower = pty.openpty()
    environ = os.environ | {"TERM": "xterm-256color", "COLUMNS": "200"} | more
    process = subprocess.Popen(
        [sys.executable, "-m", "castlist", *arguments], stdout=follower, stderr=follower, env=environ
    )
    os.close(follower)
    said = b""
    while True:
        try:
            said += (part := os.read(leader, 65536))
        except OSError:  # how Linux says that the other end was closed
            break
        if not part:
            break
    os.close(leader)
    assert process.wait() == 0
    return said.decode()
