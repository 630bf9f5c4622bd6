"""A trained refinement: applied, saved and loaded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError, ModelError
from castlist.extras import needed
from castlist.outputs import check_output, unwritten, whole
from castlist.plain import read_plain
from castlist.refine.device import fetch
from castlist.refine.network import Network
from castlist.refine.scaling import Scaling, ScalingKind
from castlist.types import Json, JsonObject
from castlist.vectors import real_array, single_precision, unit

__all__ = ["Refined", "RefinedFeature", "check_model_output", "given_rows"]

FORMAT = "castlist refinement 1"
LARGEST = 1 << 30  # bytes of a model: 2,048 columns and a hidden layer of as many take 32 MB
ARRAYS = ("w1", "b1", "w2", "b2", "shift", "factor")


class RefinedFeature(StrEnum):
    """The refined feature of a row."""

    HIDDEN = "hidden"  # the hidden layer before its ReLU, not normalised, as published
    BESIDE = "beside"  # base feature and hidden layer concatenated, each of length 1, times the base's length


def given_rows(x: NDArray[np.floating], precise: bool) -> NDArray[np.floating]:
    """Features as float64 where `precise`, else as float32.

    Raises:
        InputError: features are masked, complex or not finite.
    """
    rows = np.asarray(real_array(x), np.float64, order="C") if precise else single_precision(x)
    if not np.isfinite(rows).all():
        raise InputError("the features hold NaN or infinite values; remove those faces first")
    return rows


@dataclass(frozen=True, eq=False, slots=True)
class Refined:
    """A trained network with the scaling of its input: features (n, d) in, refined ones (n, h) out."""

    scaling: Scaling
    network: Network
    about: JsonObject = field(default_factory=dict)  # method and options of its training, and the losses
    feature: RefinedFeature = RefinedFeature.HIDDEN  # the result of `transform`

    def transform(self, x: NDArray[np.floating], *, precise: bool = False) -> NDArray[np.floating]:
        """(n, h) refined features of rows x (n, d), or (n, d + h) concatenated with the base features.

        Float32; float64 where `precise`, so that the result for a row does not depend on the other rows.

        Raises:
            InputError: x does not have d columns, or holds NaN or infinite values.
        """
        rows = given_rows(x, precise)
        d = len(self.scaling.shift)
        if rows.ndim != 2 or rows.shape[1] != d:
            raise InputError(f"this refinement takes features of {d} dimensions, got shape {rows.shape}")
        step = max(1, 2**24 // d)  # 64 MB at a time
        parts = [self._features(rows[i : i + step]) for i in range(0, len(rows), step)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimensions), rows.dtype)

    @property
    def dimensions(self) -> int:
        """The number of columns of `transform`."""
        return len(self.network.b1) + (
            len(self.scaling.shift) if self.feature == RefinedFeature.BESIDE else 0
        )

    def _features(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        hidden = fetch(self.network.hidden(self.scaling(x)))
        if self.feature == RefinedFeature.HIDDEN:
            return hidden
        length = np.linalg.norm(x, axis=1, keepdims=True)
        return np.concatenate([x, unit(hidden) * length], axis=1).astype(x.dtype, copy=False)

    def save(self, path: str | Path) -> None:
        """Write `path` (safetensors) and a description with its digest, in a file of that name with .json.

        A missing folder is made.

        Raises:
            InputError: a file cannot be written, or castlist does not replace a file of that kind.
            MissingExtra: safetensors is not installed.
        """
        check_model_output(path)
        from safetensors.numpy import save

        arrays = dict(zip(ARRAYS, self._arrays(), strict=True))
        content = save({name: np.ascontiguousarray(a) for name, a in arrays.items()})
        about = {
            "format": FORMAT,
            "sha256": hashlib.sha256(content).hexdigest(),
            "scaling": self.scaling.way,
            "input": len(self.scaling.shift),
            "hidden": len(self.network.b1),
            "feature": self.feature,
            "about": self.about,
        }
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            with whole(path) as part, whole(_beside(path)) as part_beside:
                part.write_bytes(content)
                part_beside.write_text(json.dumps(about, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError(unwritten(path, error)) from None

    def __repr__(self) -> str:
        method = self.about.get("method", "unknown method")
        return f"Refined({method}, {len(self.scaling.shift)} -> {self.dimensions} dimensions)"

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The refinement that `save` wrote.

        Raises:
            ModelError: a file is missing, was changed or cut short, or is not a refinement.
        """
        with needed("a refinement in a file", "features"):
            from safetensors import SafetensorError
            from safetensors.numpy import load

        about, content = _read(path)
        if hashlib.sha256(content).hexdigest() != about.get("sha256"):
            raise ModelError(f"{path} is not the file that {_beside(path).name} describes; save it again")
        try:
            arrays = load(content)
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path} cannot be read as safetensors ({error}); save it again") from None
        scaling, feature, trained = about.get("scaling"), about.get("feature"), about.get("about", {})
        if not (isinstance(scaling, str) and isinstance(feature, str) and isinstance(trained, dict)):
            raise ModelError(f"{_beside(path)} does not describe a '{FORMAT}'; save the model again")
        if (
            sorted(arrays) != sorted(ARRAYS)
            or scaling not in list(ScalingKind)
            or feature not in list(RefinedFeature)
        ):
            raise ModelError(f"{path} does not hold a refinement: it needs the arrays {', '.join(ARRAYS)}")
        w1, b1, w2, b2, shift, factor = (arrays[name] for name in ARRAYS)
        d, h = about.get("input"), about.get("hidden")
        k = b2.size  # of the last layer, which `transform` does not use
        shapes = [(d, h), (h,), (h, k), (k,), (d,), (d,)]
        for name, shape in zip(ARRAYS, shapes, strict=True):
            if arrays[name].shape != shape or arrays[name].dtype != np.float32:
                raise ModelError(f"{path}: {name} must be float32 of shape {shape}, got {arrays[name].shape}")
            if not np.isfinite(arrays[name]).all():
                raise ModelError(f"{path}: {name} holds NaN or infinite values; train and save it again")
        layers = Network(w1, b1, w2, b2)
        return cls(Scaling(ScalingKind(scaling), shift, factor), layers, trained, RefinedFeature(feature))

    def _arrays(self) -> list[NDArray[np.floating]]:
        return [*(fetch(part) for part in self.network.parts), self.scaling.shift, self.scaling.factor]


def check_model_output(path: str | Path) -> None:
    """Refuse a path at which `Refined.save` could not write, before anything is trained.

    Raises:
        InputError: it or its .json cannot be written, or castlist does not replace a file of that kind.
        MissingExtra: safetensors is not installed.
    """
    check_output(path)
    check_output(_beside(path))
    with needed("a refinement in a file", "features"):
        import safetensors.numpy  # noqa: F401


def _beside(path: str | Path) -> Path:
    return Path(f"{path}.json")


def _read(path: str | Path) -> tuple[dict[str, Json], bytes]:
    """The description in a model's .json, and the model's own bytes."""
    try:
        content = read_plain(path, LARGEST, "a refinement")
        about = json.loads(read_plain(_beside(path), 1 << 20, "what belongs to a refinement"))
    except InputError as error:
        raise ModelError(str(error)) from None
    except FileNotFoundError as error:
        raise ModelError(
            f"{error.filename} is missing; a refinement is two files, NAME and NAME.json"
        ) from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as a refinement: {_beside(path).name} is no JSON") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ModelError(f"{_beside(path)} does not describe a '{FORMAT}'; save the model again")
    return about, content
