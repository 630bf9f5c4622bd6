"""castlist's output in a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys


def in_a_terminal(*arguments: str, **more: str) -> str:
    """castlist's output in a new terminal."""
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
        except OSError:  # Linux: the other end was closed
            break
        if not part:
            break
    os.close(leader)
    assert process.wait() == 0
    return said.decode()
