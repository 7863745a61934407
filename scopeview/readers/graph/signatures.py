"""SignatureDef to signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scopeview.model.dtypes import dtype_name
from scopeview.model.model import Dangling, Signature, TensorInfo
from scopeview.model.names import op_of_tensor
from scopeview.model.ops import OpTable
from scopeview.readers.graph.attributes import shape_of


def read_signatures(definitions: Mapping[str, Any], graph: OpTable) -> tuple[tuple[Signature, ...], list[Dangling]]:
    """Read a MetaGraph's signatures, sorted by name, and list tensors that the graph does not hold."""
    signatures = tuple(
        Signature(
            name,
            definitions[name].method_name,
            _tensors(definitions[name].inputs),
            _tensors(definitions[name].outputs),
        )
        for name in sorted(definitions)
    )
    dangling = [
        Dangling("signature", signature.name, tensor)
        for signature in signatures
        for info in (*signature.inputs, *signature.outputs)
        for tensor in info.tensor.split(", ")
        if tensor and graph.row(op_of_tensor(tensor)) is None
    ]
    return signatures, dangling


def _tensors(infos: Mapping[str, Any]) -> tuple[TensorInfo, ...]:
    return tuple(
        TensorInfo(
            key,
            _tensor_text(infos[key]),
            dtype_name(infos[key].dtype),
            shape_of(infos[key].tensor_shape),
        )
        for key in sorted(infos)
    )


def _tensor_text(info: Any) -> str:
    """Return the tensor's name; a sparse or composite tensor is named by its components."""
    encoding = info.WhichOneof("encoding")
    if encoding == "coo_sparse":
        sparse = info.coo_sparse
        names = (sparse.values_tensor_name, sparse.indices_tensor_name, sparse.dense_shape_tensor_name)
        return ", ".join(names)
    if encoding == "composite_tensor":
        return ", ".join(component.name for component in info.composite_tensor.components)
    return str(info.name)
