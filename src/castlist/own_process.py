"""The command line that runs one of castlist's modules in a new process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["PATHS", "own_process"]

_START = "import sys; sys.path[:] = sys.argv[2:]; from {module} import main; main(sys.argv[1])"

# The process finds its modules here. Copied at import, since an import under way in another thread can put
# its own folder in front for a moment (OpenCV does, and that folder has a module named typing).
PATHS = [*(os.path.abspath(p) for p in sys.path), str(Path(__file__).resolve().parents[1])]


def own_process(module: str, argument: str) -> list[str]:
    """A command that calls `main(argument)` of a module and imports only what this module imports."""
    return [sys.executable, "-I", "-S", "-c", _START.format(module=module), argument, *PATHS]
