"""Features of one's own in a safetensors file: tensors by the names that `columns` lists."""

from __future__ import annotations

from pathlib import Path

from castlist.errors import InputError
from castlist.extras import needed
from castlist.research.features.columns import feature_set, is_known
from castlist.research.features.table import FeatureSet, check_amount, sentence

__all__ = ["fits", "read"]

TYPES = (  # of safetensors that NumPy has, too
    *("F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"),
)
LENGTH = 8  # bytes at the start: how long the header is, which is JSON


def read(path: Path) -> FeatureSet:
    """The features of a safetensors file; it holds no text, so its labels are whole numbers.

    Raises:
        InputError: the file is damaged, a type that NumPy does not have, or tensors do not fit each other.
        MissingExtra: safetensors is not installed.
    """
    with needed("a .safetensors file", "features"):
        from safetensors import safe_open

    with sentence(path):
        check_amount(path.stat().st_size, 1, "it")
        with safe_open(path, "numpy") as file:
            names = [name for name in list(file.keys()) if is_known(name)]
            for name in names:
                kind = file.get_slice(name).get_dtype()
                if kind not in TYPES:
                    raise InputError(
                        f"`{name}` is of type {kind}, which NumPy does not have; save it as float32"
                    )
            return feature_set(path.stem, {name: file.get_tensor(name) for name in names})


def fits(head: bytes) -> bool:
    """Whether a file that begins so is one: the length of the header, then its first brace."""
    return len(head) > LENGTH and head[LENGTH : LENGTH + 1] == b"{" and head[LENGTH - 2 : LENGTH] == b"\0\0"
