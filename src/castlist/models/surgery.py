"""Rewrites a published model's graph for speed, with the same results. Needs the onnx library.

castlist contains the results for the models of `castlist find` (see prepared.py), so that scanning a film
does not need onnx.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.models.prepared import unpack

if TYPE_CHECKING:
    import onnx

__all__ = ["plain_graph"]


def plain_graph(data: bytes) -> bytes:
    """The model with its 8-bit weights unpacked to float32 and with variable sizes of its input.

    The published files store weights in 8 bits and unpack them at run time by nodes that onnxruntime either
    rejects (a block size with a scale of one value) or repeats at every call. The same arithmetic, done once
    here, gives the same numbers, twice as fast.
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
            unpack(*values, axis=options.get("axis", 1), block=options.get("block_size", 0)), name
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


def _fold_reshapes(graph: onnx.GraphProto, weights: dict[str, onnx.TensorProto]) -> None:
    """Give weights the shape that Reshape nodes give them at run time."""
    from onnx import numpy_helper

    for node in [n for n in graph.node if n.op_type == "Reshape" and set(n.input) <= set(weights)]:
        values, shape = (numpy_helper.to_array(weights[name]) for name in node.input)
        weights[node.output[0]] = numpy_helper.from_array(values.reshape(shape.tolist()), node.output[0])
        graph.node.remove(node)


def _join_heads(graph: onnx.GraphProto, weights: dict[str, onnx.TensorProto]) -> None:
    """Join pairs of a 1x1 convolution and a depthwise one on the same input into one pair.

    A detector's heads give 1, 1, 4 and 10 values a cell. onnxruntime computes eight channels at a time, so
    that separate heads cost five times eight channels, and joined ones two times, with the same sums.
    """
    for x, heads in _heads(graph, weights).items():
        if len(heads) > 1:
            place = min(list(graph.node).index(across) for across, _ in heads)
            joined = _joined(x, heads, weights)
            for node in itertools.chain(*heads):
                graph.node.remove(node)
            for node in reversed(joined):
                graph.node.insert(place, node)


Head = tuple["onnx.NodeProto", "onnx.NodeProto"]  # a 1x1 convolution, and a depthwise one


def _heads(graph: onnx.GraphProto, weights: dict[str, onnx.TensorProto]) -> dict[str, list[Head]]:
    """Pairs of convolutions that `_join_heads` joins, by their input."""
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
    """Nodes that compute all heads on the input x; their weights are added to `weights`."""
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
    """Whether a node is a 1x1 convolution (kernel 1), or a depthwise one that keeps the size (kernel 3)."""
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
    """PReLU as relu((1 - slope) x) + slope x, or relu(x) - slope relu(-x) if a slope exceeds 1.

    The products are 1x1 convolutions.

    onnxruntime's fast layout of blocked channels has no PReLU, so that each one costs two changes of layout.
    In this form, the whole network stays in that layout, and takes half the time.
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


def _open_sizes(graph: onnx.GraphProto) -> None:
    """Make the batch size variable in the graph's signature, and the sides of pictures of variable size."""
    for value in graph.input:
        dims = value.type.tensor_type.shape.dim
        dims[0].dim_param = "n"
        if len(dims) == 4 and dims[2].dim_value != 112:  # recognition takes only 112 x 112
            dims[2].dim_param, dims[3].dim_param = "height", "width"
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")
