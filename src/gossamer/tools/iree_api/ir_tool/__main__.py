"""`iree-ir-tool`: copies programs from form to form, and takes the data of constants out of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import walk
from gossamer.tools.iree_api.api import Invocation, Output, Session, Source

_DATA = "value"
_SMALLEST_ELEMENTS = 2
"""Numbers alone stay: programs are hard to read without."""


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read a command line. Raises: SystemExit where it is wrong."""
    parser = argparse.ArgumentParser(prog="iree-ir-tool", description="IREE IR Tool")
    commands = parser.add_subparsers(help="sub-command help", required=True, dest="sub_command")
    copy = commands.add_parser(
        "copy", aliases=["cp"], help="Reads a file and writes it, as text or bytecode."
    )
    strip = commands.add_parser(
        "strip-data",
        help="Puts patterns in place of constants, which programs are small and read easily without.",
    )
    strip.add_argument("--no-import", action="store_true", help="Leaves dialects other than IREE's alone.")
    for command, is_stripped in ((copy, False), (strip, True)):
        command.add_argument("--emit-bytecode", action="store_true", help="Writes bytecode.")
        command.add_argument(
            "--bytecode-version", default=-1, type=int, help="Accepted; bytecode has MLIR's present version."
        )
        command.add_argument("input_file", help="File to read.")
        command.add_argument("-o", required=True, dest="output_file", help="File to write.")
        command.set_defaults(is_stripped=is_stripped)
    return parser.parse_args(argv)


def main(args: argparse.Namespace) -> int:
    """Run what `parse_arguments` read.

    Returns: the exit code.
    Raises: RuntimeError where the file is no program.
    """
    session = Session()
    invocation = session.invocation()
    invocation.enable_console_diagnostics()
    if not invocation.parse_source(Source.open_file(session, args.input_file)):
        raise RuntimeError(f"Error parsing source file {args.input_file}")
    if args.is_stripped:
        strip_data(invocation, is_global_kept=args.no_import)
    with Output.open_file(args.output_file) as output:
        if args.emit_bytecode:
            invocation.output_ir_bytecode(output, args.bytecode_version)
        else:
            invocation.output_ir(output)
        output.keep()
    return 0


def strip_data(invocation: Invocation, *, is_global_kept: bool) -> None:
    """Put a pattern in place of the data of each constant, another for each.

    Args:
        invocation: its program is changed.
        is_global_kept: leave initial values of globals.
    """
    names = (
        ("arith.constant", "util.global")
        if is_global_kept
        else ("arith.constant", "util.global", "ml_program.global")
    )
    number = 0
    for op in list(walk(invocation.export_module())):
        attribute = "initial_value" if op.name == "util.global" else _DATA
        value = op.attributes.get(attribute) if op.name in names else None
        if isinstance(value, ir.DenseElementsAttr) and len(value) >= _SMALLEST_ELEMENTS:
            with op.context:
                pattern = ir.Attribute.parse(f"#util.byte_pattern<{number}> : {value.type}")
            op.attributes[attribute] = pattern
            number += 1


def command() -> int:
    """The command, as an entry point. Returns: the exit code."""
    try:
        return main(parse_arguments())
    except (RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(command())
