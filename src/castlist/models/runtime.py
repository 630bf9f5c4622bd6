"""Imports onnxruntime in such a way that it reports nothing to anybody.

From version 1.29 on, its packages for Linux and macOS describe the machine and the models that run on it,
number the machine in a file below `~/.cache`, and send all of it to their publisher [onnxruntime pull request
27379].
"""

from __future__ import annotations

import os
from contextlib import suppress
from types import ModuleType

__all__ = ["onnx_runtime"]

SILENT = "ORT_DISABLE_TELEMETRY"  # read once, when onnxruntime is imported


def onnx_runtime() -> ModuleType:
    """The module onnxruntime; nothing else in castlist imports it."""
    os.environ[SILENT] = "1"
    import onnxruntime

    module: ModuleType = onnxruntime
    with suppress(AttributeError):  # where the user's program imported it before
        module.disable_telemetry_events()
    return module
