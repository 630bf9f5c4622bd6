"""Write the graphs that castlist runs, prepared in advance: src/castlist/models/prepared/. Needs onnx.

python scripts/make_networks.py            write them
python scripts/make_networks.py --check    exit with status 1 if they differ from what the code makes
"""

from __future__ import annotations

import json
import sys

import onnx
from onnx import numpy_helper

from castlist.models import MODELS, read
from castlist.models.prepared import FOLDER, Array, Graph, Weight, put_together, unpack
from castlist.models.surgery import plain_graph

NAMES = ("yunet", "sface")
LEAST = 64  # bytes; shorter arrays are stored in the rest


def array(tensor: onnx.TensorProto, data: bytes) -> Array:
    """The place of a tensor in a model's file."""
    values = numpy_helper.to_array(tensor)
    return {"at": data.index(values.tobytes()), "dtype": values.dtype.str, "shape": list(values.shape)}


def known(data: bytes) -> dict[bytes, Weight]:
    """The arrays of floats that a model's file contains or can give, by their bytes."""
    graph = onnx.load_model_from_string(data).graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    found: dict[bytes, Weight] = {
        numpy_helper.to_array(tensor).tobytes(): {"arrays": [array(tensor, data)], "axis": 0, "block": 0}
        for tensor in stored.values()
        if tensor.data_type == onnx.TensorProto.FLOAT
    }
    for node in graph.node:
        if node.op_type != "DequantizeLinear" or node.input[0] not in stored:
            continue
        given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        options = {"axis": given.get("axis", 1), "block": given.get("block_size", 0)}
        values = unpack(*(numpy_helper.to_array(stored[name]) for name in node.input), **options)
        arrays = [array(stored[name], data) for name in node.input]
        found[values.tobytes()] = {"arrays": arrays, **options}
    return {values: source for values, source in found.items() if len(values) >= LEAST}


def prepared(name: str) -> tuple[str, bytes]:
    """The list of the pieces of a model's graph, and the rest of the graph."""
    data = read(MODELS[name])
    whole, sources = plain_graph(data), known(data)
    pieces: list[int | Weight] = []
    rest, done = b"", 0
    for tensor in onnx.load_model_from_string(whole).graph.initializer:
        values = numpy_helper.to_array(tensor).tobytes()
        if values in sources:
            at = whole.index(values, done)
            pieces += [at - done, sources[values]]
            rest, done = rest + whole[done:at], at + len(values)
    graph: Graph = {"pieces": [*pieces, len(whole) - done]}
    return json.dumps(graph, separators=(",", ":")) + "\n", rest + whole[done:]


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    wrong = []
    for name in NAMES:
        table, rest = prepared(name)
        paths = {FOLDER / f"{name}.json": table.encode(), FOLDER / f"{name}.rest": rest}
        if "--check" in sys.argv:
            wrong += [path.name for path, made in paths.items() if path.read_bytes() != made]
            continue
        for path, made in paths.items():
            path.write_bytes(made)
        if put_together(name, read(MODELS[name])) != plain_graph(read(MODELS[name])):
            raise SystemExit(f"{name} is not put together as it was")
    if wrong:
        print(f"not as the code makes them: {', '.join(wrong)}; run python scripts/make_networks.py")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
