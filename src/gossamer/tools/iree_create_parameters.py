"""`iree-create-parameters`: makes an `.irpa` archive of declared parameters."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from gossamer.errors import InvalidArgumentError
from gossamer.format.parameters.entries import ParameterEntry, Splat
from gossamer.format.parameters.index_text import index_text
from gossamer.format.parameters.irpa_layout import DATA_ALIGNMENT
from gossamer.format.parameters.write_irpa import StoredPattern, write_irpa
from gossamer.tools.flags.module import annotated
from gossamer.tools.flags.parameter import output_path
from gossamer.tools.flags.parameter_patterns import parse_declaration
from gossamer.tools.flags.parser import Arguments, FlagSet

_PROGRAM = "iree-create-parameters"

_FLAGS = FlagSet(
    _PROGRAM,
    """Makes an .irpa archive of parameters declared on the command line: zeros, or one value repeated.
$ iree-create-parameters [--data=...] [--splat=...] --output=output.irpa

Parameters with their bytes in the file, the second with a value:
  iree-create-parameters --data=weight=4096xf32 --data=bias=16xf32=0.5 --output=with_data.irpa

Parameters that take no room in the file:
  iree-create-parameters --splat=weight=4096xf32=0.5 --output=without_data.irpa

Only the number of bytes matters to programs: a tensor<8x2xi4> may be declared as 8xi8 or 2xf32.
""",
)
_SPLAT = _FLAGS.strings(
    "splat", "A parameter without bytes in the file: `key=shapextype=value`. Programs cannot store to it."
)
_DATA = _FLAGS.strings(
    "data", "A parameter with its bytes in the file: `key=shapextype[=value]`; zeros without a value."
)
_ALIGNMENT = _FLAGS.integer("alignment", DATA_ALIGNMENT, "Multiple of bytes at which data starts.")
_QUIET = _FLAGS.boolean("quiet", False, "Does not list what was written.")
_OUTPUT = _FLAGS.string("output", "", "The .irpa file to write.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return _FLAGS.run(argv, _create)


def _create(arguments: Arguments) -> None:
    output = output_path(arguments[_OUTPUT])
    entries = [
        *_declared("splat", arguments[_SPLAT], Splat),
        *_declared("data", arguments[_DATA], StoredPattern),
    ]
    written = write_irpa(entries, output, alignment=arguments[_ALIGNMENT])
    if not arguments[_QUIET]:
        sys.stdout.buffer.write(index_text(written).encode("utf-8", "surrogateescape"))


def _declared(name: str, flags: Sequence[str], storage: type[Splat]) -> Iterator[ParameterEntry]:
    for flag in flags:
        key, _, declaration = flag.partition("=")
        with annotated(f"--{name}={flag}"):
            length, pattern = parse_declaration(declaration)
        if length >= 1 << 63:
            raise InvalidArgumentError(f"--{name}={flag}: a parameter of {length} bytes is too long")
        yield ParameterEntry(key, length, storage(pattern or b"\0"))


if __name__ == "__main__":
    sys.exit(main())
