"""A user's own features in a safetensors file: tensors with the names in `columns`."""

from __future__ import annotations

from pathlib import Path

from castlist.errors import InputError
from castlist.extras import needed
from castlist.research.features.columns import feature_set, is_known
from castlist.research.features.table import FeatureSet, check_amount, sentence

__all__ = ["fits", "read"]

TYPES = (  # types of safetensors that NumPy has, too
    *("F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"),
)
LENGTH = 8  # bytes at the start with the length of the header, which is JSON


def read(path: Path) -> FeatureSet:
    """The features of a safetensors file; it holds no text, so its labels are whole numbers.

    Raises:
        InputError: the file is damaged, has a type that NumPy lacks, or tensors do not fit each other.
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
    """Whether a file with these first bytes is a safetensors file: a header length, then a brace."""
    return len(head) > LENGTH and head[LENGTH : LENGTH + 1] == b"{" and head[LENGTH - 2 : LENGTH] == b"\0\0"
