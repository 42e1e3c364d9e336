"""`iree-dump-module`: prints what is in a `.vmfb`."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Sequence
from pathlib import Path

from gossamer.errors import InvalidArgumentError, NotFoundError
from gossamer.format.archive import locate_flatbuffer, read_module
from gossamer.format.json_text import json_text
from gossamer.hal.native_policy import NativeCodePolicy
from gossamer.modules.c.location import Location, parse_location
from gossamer.tools.command import EXIT_FAILURE, EXIT_SUCCESS
from gossamer.tools.dump.assembly import assembly_text
from gossamer.tools.dump.sections import metadata_text
from gossamer.tools.flags.parser import Arguments, FlagSet

_PROGRAM = "iree-dump-module"

_FLAGS = FlagSet(
    _PROGRAM,
    """Prints what is in a VM module.
$ iree-dump-module [--output=...] module.vmfb

Everything but the raw tables:
  iree-dump-module module.vmfb

Names, types, imports, exports, reflection, sizes:
  iree-dump-module --output=metadata module.vmfb

Code of all functions, or of one by name or by ordinal:
  iree-dump-module --output=disassembly --bytecode_offsets module.vmfb
  iree-dump-module --output=disassembly --function=abs module.vmfb
  iree-dump-module --output=disassembly --function=2 module.vmfb

The FlatBuffer's bytes, or its tables as JSON:
  iree-dump-module --output=flatbuffer-binary module.vmfb
  iree-dump-module --output=flatbuffer-json --pretty module.vmfb

What a module in C declares; its query function runs for that:
  iree-dump-module libmodule.so
""",
)
_PRETTY = _FLAGS.boolean("pretty", False, "Indents JSON.")
_OUTPUT = _FLAGS.string(
    "output",
    "all",
    "What to print:\n"
    "  'all': metadata and disassembly.\n"
    "  'metadata': names, types, reflection and sizes.\n"
    "  'disassembly': code of all functions.\n"
    "  'flatbuffer-binary': bytes of the FlatBuffer.\n"
    "  'flatbuffer-json': tables of the FlatBuffer as JSON.",
)
_FUNCTION = _FLAGS.string("function", "", "Disassembles one function only: its name or its ordinal.")
_ALLOW_NATIVE = _FLAGS.string(
    "allow-native",
    "all",
    "Whether code of a module in C may run, which says what is in it: 'all', or 'none'.",
)
_BYTECODE_OFFSETS = _FLAGS.boolean("bytecode_offsets", False, "Starts each instruction with its offset.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return _FLAGS.run(argv, _dump)


def _dump(arguments: Arguments) -> int:
    if not arguments.positional:
        print(f"Syntax: {_PROGRAM} [--output=...] module.vmfb", file=sys.stderr)
        return EXIT_FAILURE
    output = arguments[_OUTPUT]
    location = parse_location(arguments.positional[0])
    if location is not None:
        return _dump_c_module(location, output, arguments[_ALLOW_NATIVE])
    data = _map_file(arguments.positional[0])
    if output == "flatbuffer-binary":
        flatbuffer, _ = locate_flatbuffer(data)
        sys.stdout.buffer.write(data[flatbuffer])
        return EXIT_SUCCESS
    printers = {
        "all": lambda: f"{metadata_text(data)}\n{_assembly(data, arguments)}",
        "metadata": lambda: metadata_text(data),
        "disassembly": lambda: _assembly(data, arguments),
        "flatbuffer-json": lambda: json_text(data, pretty=arguments[_PRETTY]),
    }
    if output not in printers:
        raise InvalidArgumentError(f"unrecognized --output= flag value '{output}'")
    # Why: names in a module are bytes that need not be UTF-8, and come out as they went in.
    sys.stdout.buffer.write(printers[output]().encode("utf-8", "surrogateescape"))
    return EXIT_SUCCESS


def _dump_c_module(location: Location, output: str, allow_native: str) -> int:
    # Why here: few modules are in C.
    from gossamer.modules.c.loading import read_c_module
    from gossamer.tools.dump.c_module import c_module_text

    if output not in ("all", "metadata"):
        raise InvalidArgumentError(f"a module in C has no bytecode: --output={output} shows nothing of it")
    print(c_module_text(read_c_module(location, NativeCodePolicy.parse(allow_native))), end="")
    return EXIT_SUCCESS


def _assembly(data: memoryview, arguments: Arguments) -> str:
    return assembly_text(
        read_module(data), function=arguments[_FUNCTION], bytecode_offsets=arguments[_BYTECODE_OFFSETS]
    )


def _map_file(path: str) -> memoryview:
    try:
        with Path(path).open("rb") as file:
            if not file.seek(0, 2):
                return memoryview(b"")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise NotFoundError(f"failed to open file '{path}': {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main())
