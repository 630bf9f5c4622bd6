"""Imports onnxruntime with its telemetry switched off.

From version 1.29 on, its packages for Linux and macOS describe the machine and the models that run on it,
store a number for the machine in a file below `~/.cache`, and send all of it to their publisher [onnxruntime
pull request 27379].
"""

from __future__ import annotations

import os
from contextlib import suppress
from types import ModuleType

__all__ = ["onnx_runtime"]

SILENT = "ORT_DISABLE_TELEMETRY"  # environment variable, read once when onnxruntime is imported


def onnx_runtime() -> ModuleType:
    """The module onnxruntime; other modules of castlist do not import it."""
    os.environ[SILENT] = "1"
    import onnxruntime

    module: ModuleType = onnxruntime
    with suppress(AttributeError):  # missing if the user's program imported onnxruntime before
        module.disable_telemetry_events()
    return module
