"""Lowers tensor dialects of frameworks to linalg, with passes of the MLIR wheel.

Each list works on programs that mix dialects: what it does not know it leaves alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gossamer.compiler.input.globals import convert_globals
from gossamer.compiler.input.onnx import in_terms_of_nodes, lower_assumptions, lower_boxes, lower_recurrent
from gossamer.compiler.input.stablehlo.arithmetic import keep_signs
from gossamer.compiler.input.stablehlo.complex_corrections import correct_complex
from gossamer.compiler.input.stablehlo.indexed import move_bodies_back
from gossamer.compiler.input.stablehlo.power import widen_exponents
from gossamer.compiler.input.stablehlo.remainder import lower_stablehlo_remainder
from gossamer.compiler.input.torch_arithmetic import correct_arithmetic
from gossamer.compiler.input.torch_bytes import widen_bytes
from gossamer.compiler.input.torch_order import order_totally
from gossamer.compiler.input.torch_views import flatten_before_views
from gossamer.compiler.mlir import ir, run_passes
from gossamer.compiler.walk import walk
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_PHASE = "input"


@dataclass(frozen=True, slots=True)
class InputConversion:
    """How programs of some dialects are lowered.

    Attributes:
        input_types: values of `--iree-input-type=`, besides "auto", that let it run.
        dialects: of which operations must be there for it to run.
        convert: lowers them.
    """

    input_types: tuple[str, ...]
    dialects: frozenset[str]
    convert: Callable[[ir.Module], None]


# Why this order: control flow must be lowered before the decompositions, which do not look into it, and
# shapes inferred before broadcasts are made explicit.
_TOSA = (
    "func.func(tosa-to-scf,tosa-optional-decompositions,tosa-infer-shapes,tosa-make-broadcastable,"
    "tosa-to-linalg-named),canonicalize,"
    "func.func(tosa-layerwise-constant-fold,tosa-make-broadcastable,tosa-to-linalg,tosa-to-tensor,"
    "tosa-to-arith{include-apply-rescale=true use-32-bit=true}),"
    "tosa-to-mlprogram,canonicalize,cse"
)

# Why this order: composites hide CHLO operations; dynamic operations become static ones only after shapes are
# refined; signs of integers are read by the lowering to linalg and may go only after it.
_STABLEHLO_DECOMPOSE = (
    "func.func(stablehlo-legalize-composite-to-call),inline,symbol-dce,"
    "func.func(chlo-legalize-to-stablehlo,stablehlo-legalize-quant-to-math,chlo-legalize-to-stablehlo)"
)
_STABLEHLO = (
    "func.func(stablehlo-canonicalize-dynamism,stablehlo-complex-math-expander,"
    "stablehlo-legalize-deprecated-ops{fail-on-unused=false}),"
    "canonicalize,cse,func.func(stablehlo-aggressive-simplification)"
)
_STABLEHLO_TO_LINALG = (
    "canonicalize,cse,stablehlo-legalize-to-linalg,stablehlo-convert-to-signless,"
    "reconcile-unrealized-casts,canonicalize,cse"
)


def _convert_stablehlo(module: ir.Module) -> None:
    run_passes(module, _STABLEHLO_DECOMPOSE, phase=_PHASE)
    with module.context:
        correct_complex(module)
    run_passes(module, _STABLEHLO, phase=_PHASE)
    with module.context:
        keep_signs(module)
        widen_exponents(module)
    lower_stablehlo_remainder(module)
    run_passes(module, _STABLEHLO_TO_LINALG, phase=_PHASE)
    with module.context:
        move_bodies_back(module)


_ONNX_TO_TORCH = "torch-onnx-to-torch-backend-pipeline"
# Why first: the pipelines of torch refuse elementwise operations of MLIR's own that stand beside torch's.
_TORCH = (
    "convert-elementwise-to-linalg,"
    "torchdynamo-export-to-torch-backend-pipeline,torch-backend-to-linalg-on-tensors-backend-pipeline"
)


def _convert_tosa(module: ir.Module) -> None:
    run_passes(module, _TOSA, phase=_PHASE)


def _convert_torch(module: ir.Module) -> None:
    """Lower torch, and ONNX's operators where they stand for operators of torch."""
    if not any(_is_onnx(op) for op in walk(module.operation)):
        _lower_torch(module)
        return
    try:
        with module.context, ir.Location.unknown():
            lower_assumptions(module)
            lower_boxes(module)
            lower_recurrent(module)
        run_passes(module, _ONNX_TO_TORCH, phase=_PHASE)
        _lower_torch(module)
    except CompileError as error:
        raise in_terms_of_nodes(error) from None


def _lower_torch(module: ir.Module) -> None:
    with module.context, ir.Location.unknown():
        # Why now: the passes take operations that they know, and globals of MLIR are among them.
        convert_globals(module)
        correct_arithmetic(module)
        widen_bytes(module)
        flatten_before_views(module)
    run_passes(module, _TORCH, phase=_PHASE)
    with module.context, ir.Location.unknown():
        order_totally(module)


def _is_onnx(op: ir.Operation) -> bool:
    return op.name == "torch.operator" and ir.StringAttr(op.attributes["name"]).value.startswith("onnx.")


_CONVERSIONS = (
    InputConversion(("torch", "tm_tensor", "onnx"), frozenset({"torch"}), _convert_torch),
    InputConversion(
        ("stablehlo", "stablehlo_xla", "vhlo"), frozenset({"stablehlo", "chlo"}), _convert_stablehlo
    ),
    InputConversion(("tosa",), frozenset({"tosa"}), _convert_tosa),
)

_INPUT_TYPES = ("auto", "none", *(name for conversion in _CONVERSIONS for name in conversion.input_types))


def convert_input(module: ir.Module, input_type: str) -> None:
    """Lower what the input type, or the dialects a program uses, ask for.

    Raises: CompileError when the input type is unknown or a pass fails.
    """
    if input_type not in _INPUT_TYPES:
        available = " ".join(f"'{name}'" for name in _INPUT_TYPES)
        raise CompileError(
            [Diagnostic(f"unknown value for --iree-input-type='{input_type}' (available: {available})")]
        )
    if input_type == "none":
        return
    used = dialects_of(module)
    for conversion in _CONVERSIONS:
        if input_type in ("auto", *conversion.input_types) and used & conversion.dialects:
            conversion.convert(module)


def dialects_of(module: ir.Module) -> frozenset[str]:
    """Dialects of a module's operations."""
    return frozenset(op.name.partition(".")[0] for op in walk(module.operation))
