"""The importer of the MLIR wheel, and what it lacks: branches (`torch.cond`)."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# pyright: reportUntypedBaseClass=false
# PyTorch is an optional extra, and the importer of the MLIR wheel has no types.

from __future__ import annotations

from typing import Any

from torch_mlir.extras.fx_importer import FxImporter, GraphNodeImporter

from gossamer.compiler.frontend.torch.hooks import WeightHooks
from gossamer.compiler.mlir import ir


class BranchImporter(GraphNodeImporter):
    """Imports nodes of a graph, `torch.cond` too."""

    def _import_hop_cond(self, loc: ir.Location, node: Any, hop: Any) -> None:
        """As a `torch.prim.If` whose branches call the functions that the branches' graphs became.

        The importer finds this method by the operation's name.
        """
        condition, *branches, operands = node.args
        root = node.graph.owning_module
        names = self.fx_importer._graph_module_to_func_name  # pyright: ignore[reportPrivateUsage]
        callees = [names[id(getattr(root, branch.target))] for branch in branches]
        values = [self._import_argument(loc, operand) for operand in operands]
        types = [self._cc.value_info_to_type(value) for value in node.meta["val"]]
        chosen = self._import_argument(loc, condition)
        with loc:
            if str(chosen.type) != "!torch.bool":
                chosen = ir.Operation.create(
                    "torch.aten.Bool.Tensor", [self._cc.torch_bool_type], [chosen]
                ).result
            choice = ir.Operation.create("torch.prim.If", types, [chosen], regions=2)
            for region, callee in zip(choice.regions, callees, strict=True):
                block = ir.Block.create_at_start(region, [])
                with ir.InsertionPoint(block):
                    symbol = ir.FlatSymbolRefAttr.get(callee)
                    call = ir.Operation.create("func.call", types, values, {"callee": symbol})
                    ir.Operation.create("torch.prim.If.yield", [], list(call.results))
        self._multi_result_nodes.add(node)
        for index, value in enumerate(choice.results):
            self.bind_node_value(node, value, index)


def make_importer(context: ir.Context, hooks: WeightHooks) -> Any:
    """An importer of programs and graphs into one new module."""
    return FxImporter(context=context, hooks=hooks, graph_node_importer_cls=BranchImporter)
