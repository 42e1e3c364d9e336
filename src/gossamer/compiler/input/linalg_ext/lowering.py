"""Which lowering each operation has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.compiler.input.linalg_ext.arg_compare import lower_arg_compare
from gossamer.compiler.input.linalg_ext.attention import lower_attention, lower_online_attention
from gossamer.compiler.input.linalg_ext.index_maps import lower_map_load, lower_map_store
from gossamer.compiler.input.linalg_ext.top_k import lower_top_k
from gossamer.compiler.input.linalg_ext.winograd import (
    transform_filter,
    transform_input,
    transform_output,
)
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import DIALECT
from gossamer.compiler.tensor.index_builder import IndexBuilder
from gossamer.compiler.walk import find

_Lowering = Callable[[IndexBuilder, ir.Operation], Sequence[ir.Value] | None]
_LOWERINGS: dict[str, _Lowering] = {
    "arg_compare": lower_arg_compare,
    "attention": lower_attention,
    "map_gather": lower_map_load,
    "map_load": lower_map_load,
    "map_scatter": lower_map_store,
    "map_store": lower_map_store,
    "online_attention": lower_online_attention,
    "topk": lower_top_k,
    "topk_v2": lower_top_k,
    "winograd.filter_transform": transform_filter,
    "winograd.input_transform": transform_input,
    "winograd.output_transform": transform_output,
}


def lower_linalg_ext(module: ir.Module) -> None:
    """Lower them in place; those that have no lowering stay."""
    for op in find(module.operation, *(f"{DIALECT}.{name}" for name in _LOWERINGS)):
        build = IndexBuilder(ir.InsertionPoint(op), op.location)
        results = _LOWERINGS[op.name.removeprefix(f"{DIALECT}.")](build, op)
        if results is None:
            continue
        for old, new in zip(op.results, results, strict=True):
            old.replace_all_uses_with(new)
        op.erase()
