"""`iree-import-onnx`: writes an ONNX model as MLIR, its weights beside it where asked to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gossamer.compiler import mlir
from gossamer.compiler.frontend.onnx.read import read_model
from gossamer.compiler.mlir import ir
from gossamer.compiler.resources import Resources, write_out
from gossamer.errors import CompileError, StatusError
from gossamer.format.parameters.index import ParameterIndex
from gossamer.format.parameters.write_irpa import write_irpa

_STDOUT = "-"
_OPTIONAL = argparse.BooleanOptionalAction


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read a command line. Raises: SystemExit where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="iree-import-onnx",
        description="Writes an ONNX model as MLIR: `torch.operator` for each of its operators, converted to "
        "opset 17 where older, with known shapes and constants computed. iree-compile compiles it.",
    )
    add = parser.add_argument
    add("input_file", type=Path, help="ONNX model.")
    add("-o", dest="output_file", help="File to write; '-', or without, the output.")
    add("--no-verify", action="store_true", help="Does not verify the module before it is printed.")
    add("--data-prop", default=True, action=_OPTIONAL, help="Infers shapes from values of tensors, too.")
    add("--data-dir", type=Path, help="Folder of external data; without, that of the model.")
    add("--opset-version", type=int, help="Opset to convert the model to where its own is older.")
    add(
        "--large-model",
        default=False,
        action=_OPTIONAL,
        help="Accepted; models of any size are imported in the same way.",
    )
    group = parser.add_argument_group("parameters", "Weights in a file of their own.")
    add = group.add_argument
    add("--externalize-params", default=False, action=_OPTIONAL, help="Makes parameters of large tensors.")
    add(
        "--externalize-inputs-threshold",
        type=int,
        help="Index of the first input that is a parameter, too. They are not in the file.",
    )
    add(
        "--num-elements-threshold",
        type=int,
        default=100,
        help="Elements that a tensor has at least for being made a parameter. Default: 100.",
    )
    add("--params-scope", default="model", help="Scope of the parameters. Default: model.")
    add("--save-params", default=True, action=_OPTIONAL, help="Writes the file of the parameters.")
    add(
        "--param-gb-threshold",
        type=float,
        help="Accepted; parameters are written one after the other, without copies.",
    )
    add(
        "--save-params-to",
        type=Path,
        help="File of the parameters. Default: that of -o, with _params.irpa in place of its suffix.",
    )
    return parser.parse_args(argv)


def main(args: argparse.Namespace) -> int:
    """Run what `parse_arguments` read.

    Returns: the exit code.
    Raises: CompileError where the model is wrong or has something without MLIR form; ValueError where flags
        contradict each other or do not fit the model; OSError.
    """
    parameter_file = _parameter_file(args)
    model = read_model(args.input_file.read_bytes(), args.data_dir or args.input_file.parent)
    # Why here: they load ONNX, which `read_model` says is missing.
    from gossamer.compiler.frontend.onnx.externalize import externalize_arguments, externalize_constants
    from gossamer.compiler.frontend.onnx.importing import import_prepared
    from gossamer.compiler.frontend.onnx.prepare import Preparation, prepare

    prepared = prepare(
        model, Preparation(opset=args.opset_version or 0, propagates_data=bool(args.data_prop))
    )
    context = mlir.make_context()
    mlir.add_frameworks(context)
    resources = Resources()
    module = import_prepared(prepared, context, resources)
    if args.externalize_params:
        scope = args.params_scope
        first, count = args.externalize_inputs_threshold, len(prepared.model.graph.input)
        if first is not None:
            if not 0 <= first < count:
                raise ValueError(
                    f"--externalize-inputs-threshold={first}: the model has inputs 0 to {count - 1}"
                )
            externalize_arguments(module, scope=scope, first=first)
        contents = externalize_constants(module, resources, scope=scope, smallest=args.num_elements_threshold)
        if parameter_file is not None:
            index = ParameterIndex()
            for key, data in contents.items():
                index.add_buffer(key, data)
            write_irpa(index, parameter_file)
    write_out(module, resources)
    if not args.no_verify and not module.operation.verify():
        raise CompileError([])
    _write(module, args.output_file)
    return 0


def _parameter_file(args: argparse.Namespace) -> Path | None:
    if not args.externalize_params or not args.save_params:
        return None
    if args.save_params_to is not None:
        return args.save_params_to
    if args.output_file in (None, _STDOUT):
        raise ValueError(
            "--externalize-params needs --save-params-to or --no-save-params where the module goes to stdout"
        )
    output = Path(args.output_file)
    return output.parent / f"{output.stem}_params.irpa"


def _write(module: ir.Module, path: str | None) -> None:
    text = module.operation.get_asm()
    if path in (None, _STDOUT):
        print(text)
    else:
        Path(path).write_text(text + "\n")


def command() -> int:
    """The command, as an entry point. Returns: the exit code."""
    try:
        return main(parse_arguments())
    except (CompileError, StatusError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(command())
