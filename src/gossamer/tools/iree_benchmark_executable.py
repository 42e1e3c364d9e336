"""`iree-benchmark-executable`: measures one kernel of an executable, without a program around it.

Differences from IREE 3.13.0: an error of a dispatch ends the command with 1; IREE prints it in the table
and ends with 0. Without `--workgroup_count=` the message names the flag. Batches below 1 are refused, where
IREE does not end.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.errors import InvalidArgumentError, NotFoundError
from gossamer.tools.benchmark.measure import Benchmark
from gossamer.tools.benchmark.measuring_flags import MeasuringFlags
from gossamer.tools.command import EXIT_SUCCESS
from gossamer.tools.flags.device import DeviceFlags
from gossamer.tools.flags.module import annotated
from gossamer.tools.flags.parser import Arguments, Flag, FlagSet

if TYPE_CHECKING:
    from gossamer.hal.device import Device
    from gossamer.hal.executable import Executable
    from gossamer.hal.memory.buffer import Buffer

_PROGRAM = "iree-benchmark-executable"

_FLAGS = FlagSet(
    _PROGRAM,
    """Measures a kernel of an executable.
$ iree-benchmark-executable --device=local-sync --executable_format=embedded-elf-x86_64 \\
    --executable_file=kernels.so --entry_point=0 --workgroup_count=1,1,1 \\
    --binding=4xf32=1,2,3,4 --binding=4xf32=100 --binding=4xf32

iree-compile --iree-hal-dump-executable-binaries-to=folder writes the executables of a program. Formats are
vmvx-bytecode-fb, embedded-elf-x86_64 and system-elf-x86_64. Constants and bindings must be those that the
kernel takes.
""",
)


def _u32_list(name: str, description: str) -> Flag[tuple[int, ...]]:
    def read(text: str, values: tuple[int, ...]) -> tuple[int, ...]:
        return (*values, _parse_u32(text))

    def show(values: tuple[int, ...]) -> str:
        return "\n".join(f"--{name}={value}" for value in values) or f"# --{name}=[integer value]"

    empty: tuple[int, ...] = ()
    return _FLAGS.custom(name, empty, description, read, show)


def _parse_u32(text: str) -> int:
    try:
        value = int(text, 0)
    except ValueError:
        value = -1
    if not 0 <= value < 1 << 32:
        raise ValueError("expected an integer of 32 bits without a sign")
    return value


_BATCH_SIZE = _FLAGS.integer(
    "batch_size", 64, "Dispatches in one submission; the more, the less submissions weigh."
)
_FORMAT = _FLAGS.string("executable_format", "", "Format of the executable.")
_FILE = _FLAGS.string("executable_file", "", "File of the executable, or `-` for standard input.")
_ENTRY_POINT = _FLAGS.integer("entry_point", 0, "Which of its kernels, by index.")
_WORKGROUP_COUNTS = _FLAGS.strings(
    "workgroup_count", "`x,y,z`: how many workgroups along each dimension; each occurrence is a benchmark."
)
_EXECUTABLE_CONSTANTS = _u32_list("executable_constant", "Appends a constant of the executable.")
_CONSTANTS = _u32_list("constant", "Appends a constant of the dispatch.")
_BINDINGS = _FLAGS.strings(
    "binding",
    "Appends a binding of the dispatch: a tensor, as for --input= of iree-run-module, such as\n"
    "  2x8xi32                  16 zeros\n"
    "  10000xi8=123             10000 bytes, all 123\n"
    "  2x1xf32=1.4,2.1          two numbers\n"
    "  2x2xf32=@file.bin        its bytes from a file\n"
    "  @file.npy +file.npy      one NumPy array; `*file.npy` takes all that remain",
)
_DEVICES = DeviceFlags(_FLAGS)
_MEASURING = MeasuringFlags(_FLAGS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return _FLAGS.run(argv, _run)


def _run(arguments: Arguments) -> int:
    if _DEVICES.print_lists(arguments):
        return EXIT_SUCCESS
    if arguments[_ENTRY_POINT] < 0:
        raise InvalidArgumentError("--entry_point must be non-negative")
    if arguments[_BATCH_SIZE] < 1:
        raise InvalidArgumentError("--batch_size must be 1 or more")
    counts = [_parse_workgroup_count(text) for text in arguments[_WORKGROUP_COUNTS]]
    if not counts:
        raise InvalidArgumentError(
            "no grid to dispatch; use --workgroup_count=x,y,z, once for each benchmark"
        )
    data = _read_executable(arguments[_FILE])
    devices = _DEVICES.open(arguments)
    try:
        device = _DEVICES.lead(arguments, devices)
        with annotated("parsing bindings"):
            bindings = _parse_bindings(arguments, device)
        with annotated(f"loading executable '{arguments[_FILE]}'"):
            executable = device.create_executable(arguments[_FORMAT], data, arguments[_EXECUTABLE_CONSTANTS])
        benchmarks = [_new_benchmark(arguments, device, executable, bindings, count) for count in counts]
        _MEASURING.run(arguments, benchmarks)
    finally:
        for device in devices:
            device.close()
    return EXIT_SUCCESS


def _parse_workgroup_count(text: str) -> tuple[int, int, int]:
    try:
        x, y, z = map(_parse_u32, text.split(","))
    except ValueError:
        raise InvalidArgumentError(f"invalid workgroup count string `{text}`; expects `X,Y,Z`") from None
    return x, y, z


def _read_executable(path: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read()
    if not path:
        raise InvalidArgumentError("no executable; use --executable_file=path and --executable_format=")
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise NotFoundError(f"failed to open file '{path}': {error.strerror}") from None


def _parse_bindings(arguments: Arguments, device: Device) -> list[Buffer]:
    from gossamer.hal.memory.buffer import Buffer
    from gossamer.hal.memory.buffer_view import BufferView
    from gossamer.runtime.text_io.variants import VariantParser

    specs = arguments[_BINDINGS]
    with VariantParser(device.allocator) as parser:
        values = [variant.value for variant in parser.parse("r" * len(specs), specs)]
    buffers = [value.buffer if isinstance(value, BufferView) else value for value in values]
    for index, buffer in enumerate(buffers):
        if not isinstance(buffer, Buffer):
            raise InvalidArgumentError(f"bindings must be shaped types (4xf32, etc), binding {index} is not")
    return [buffer for buffer in buffers if isinstance(buffer, Buffer)]


def _new_benchmark(
    arguments: Arguments,
    device: Device,
    executable: Executable,
    bindings: Sequence[Buffer],
    count: tuple[int, int, int],
) -> Benchmark:
    from gossamer.tools.benchmark.dispatches import Dispatches

    x, y, z = count
    name = f"BM_dispatch_{x}x{y}x{z}/process_time/real_time"
    with annotated(f"recording dispatches of entry point {arguments[_ENTRY_POINT]}"):
        dispatches = Dispatches(
            device,
            executable,
            arguments[_ENTRY_POINT],
            count,
            arguments[_CONSTANTS],
            bindings,
            batch_size=arguments[_BATCH_SIZE],
        )
    return Benchmark(name, dispatches.run, "ns", items=x * y * z)


if __name__ == "__main__":
    sys.exit(main())
