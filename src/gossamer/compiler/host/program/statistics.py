"""Numbers about a host program: `--iree-scheduling-dump-statistics-format=`, under IREE's names.

Sizes are in bytes; what depends on the sizes of a call is left out of them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from gossamer.compiler.host.program.commands import Copy, Dispatch, Fill, Update
from gossamer.compiler.host.program.program import Function, HostProgram
from gossamer.compiler.host.program.steps import Alloca, Allocate, Await, CallImport, Execute, Step
from gossamer.compiler.host.program.text import format_program
from gossamer.compiler.options import StatisticsFormat

_STATE = "!hal.buffer"
_MIB = 1 << 20
_CSV_NAMES = (
    *("Constants", "Constant Size", "Variables", "Awaits", "Submissions"),
    *("Transient Size", "Fills", "Copies", "Dispatches", "Async Calls", "Executables"),
)


@dataclass(slots=True)
class HostStatistics:
    """Counts of what a host program does when every step of it runs once."""

    constant_count: int = 0
    constant_size: int = 0
    variable_count: int = 0
    await_count: int = 0
    submission_count: int = 0
    transient_memory_size: int = 0
    fill_count: int = 0
    copy_count: int = 0
    dispatch_count: int = 0
    call_count: int = 0
    executable_count: int = 0


def count_program(program: HostProgram) -> HostStatistics:
    """Count what a program does."""
    found = HostStatistics(
        constant_count=0 if program.constants is None else 1,
        constant_size=0 if program.constants is None else len(program.constants.data),
        variable_count=sum(variable.type == _STATE for variable in program.globals.values()),
        executable_count=sum(len(executable.kernels) for executable in program.executables),
    )
    for function in program.functions:
        for step in _steps(function):
            _count_step(step, found)
    return found


def format_statistics(program: HostProgram, form: StatisticsFormat) -> str:
    """Text of a program's numbers."""
    found = count_program(program)
    match form:
        case StatisticsFormat.JSON:
            return json.dumps({"stream-aggregate": _groups(found)}, indent=2) + "\n"
        case StatisticsFormat.CSV:
            return _csv(program, found)
        case StatisticsFormat.PRETTY:
            return _pretty(found)
        case StatisticsFormat.VERBOSE:
            return _pretty(found) + format_program(program)


def _steps(function: Function) -> Iterator[Step]:
    for block in function.blocks:
        yield from block.steps


def _count_step(step: Step, found: HostStatistics) -> None:
    match step:
        case Await():
            found.await_count += 1
        case Alloca(result=resource) | Allocate(result=resource):
            found.transient_memory_size += resource.size.constant
        case CallImport(signal=signal) if signal is not None:
            found.call_count += 1
        case Execute(waves=waves):
            found.submission_count += 1
            for command in (command for wave in waves for command in wave):
                found.fill_count += isinstance(command, Fill)
                found.copy_count += isinstance(command, Copy | Update)
                found.dispatch_count += isinstance(command, Dispatch)
        case _:
            pass


def _groups(found: HostStatistics) -> dict[str, dict[str, int]]:
    numbers = {name.replace("_", "-"): number for name, number in asdict(found).items()}
    groups = {
        "global": ("constant-count", "constant-size", "variable-count"),
        "synchronization": ("await-count",),
        "execution": (
            *("submission-count", "transient-memory-size", "fill-count", "copy-count"),
            *("dispatch-count", "call-count"),
        ),
        "executable": ("executable-count",),
    }
    return {group: {name: numbers[name] for name in names} for group, names in groups.items()}


def _csv(program: HostProgram, found: HostStatistics) -> str:
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    file.write(";\n; Aggregate Statistics (static, whole-program)\n;\n\n")
    writer.writerow(_CSV_NAMES)
    writer.writerow(asdict(found).values())
    file.write("\n;\n; Execution\n;\n")
    for function in program.functions:
        for step in _steps(function):
            if isinstance(step, Execute):
                file.write(f"\n; {program.name} > @{function.name}\n")
                writer.writerow(("Depth", "Command", "Symbol"))
                for depth, wave in enumerate(step.waves):
                    writer.writerows(
                        (
                            depth,
                            type(command).__name__.lower(),
                            f"@{command.kernel.export_name}" if isinstance(command, Dispatch) else "",
                        )
                        for command in wave
                    )
    return file.getvalue()


def _pretty(found: HostStatistics) -> str:
    rows = (
        ("Constants", f"{found.constant_count}, storage of {_bytes(found.constant_size)}"),
        ("Variables", found.variable_count),
        ("D->H Syncs", found.await_count),
        ("Submissions", f"{found.submission_count}, using at least {_bytes(found.transient_memory_size)}"),
        ("DMA Fills", found.fill_count),
        ("DMA Copies", found.copy_count),
        ("Dispatches", found.dispatch_count),
        ("Async Calls", found.call_count),
        ("Executables", found.executable_count),
    )
    rule = f"//{'=' * 76}//"
    lines = [rule, "// Aggregate Statistics (static, whole-program)", rule, "//"]
    lines += [f"// {name:>11}: {text}" for name, text in rows]
    return "\n".join([*lines, "//"]) + "\n"


def _bytes(size: int) -> str:
    return f"{size} B ({size / _MIB:.2f} MiB)"
