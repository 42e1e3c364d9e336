"""Runs programs record by record in Python: the reference for the native runner.

It runs what the native runner cannot: kernels that are Python callables. Dispatches of native kernels among
them go to the native runner, one by one.
In: a program and a packed binding table. Out: nothing, or the error of the first dispatch that failed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import TypeAlias

from gossamer.drivers.local.runner.native_runner import local_memory
from gossamer.errors import InternalStatusError, StatusError, UnavailableError
from gossamer.hal.command.command_program import CommandProgram, build_program
from gossamer.hal.command.interpreter import BoundTable, interpret_program
from gossamer.hal.command.records import DispatchRecord
from gossamer.hal.executable import BoundMemory, DispatchCall, WorkgroupCallable
from gossamer.limits.scope import CallScope

NativeRun: TypeAlias = Callable[[CommandProgram, bytes, CallScope | None], None]
"""Runs a program without Python kernels with a binding table, under a scope of calls or none."""


def run_python(
    program: CommandProgram,
    table: bytes,
    scope: CallScope | None = None,
    run_native: NativeRun | None = None,
) -> None:
    """Run any program; arguments and errors as for `native_runner.run_native`.

    Args:
        run_native: for dispatches of native kernels; None where there is no native runner.
    Raises: UnavailableError also, for a native kernel that there is no runner for.
    """

    def dispatch(record: DispatchRecord, bound: BoundTable) -> None:
        if not record.function.address:
            _dispatch(record, bound, scope)
        elif run_native is not None:
            run_native(build_program([record]), table, scope)
        else:
            raise UnavailableError(f"kernel '{record.function.name}' is native code, which needs llvmlite")

    with nullcontext() if scope is None else scope.apply():
        interpret_program(program, table, dispatch)


def _dispatch(record: DispatchRecord, bound: BoundTable, scope: CallScope | None) -> None:
    """Run a Python kernel for each workgroup, x fastest."""
    counts = bound.workgroup_count(record)
    scratch = record.function.local_memory_bytes
    call = DispatchCall(
        tuple(map(bound.resolve, record.bindings)),
        record.constants,
        counts,
        BoundMemory(local_memory.reserve(scratch), scratch),
    )
    run_workgroup = _python_kernel(record, call)
    for z in range(counts[2]):
        for y in range(counts[1]):
            for x in range(counts[0]):
                if scope is not None:
                    scope.check()
                run_workgroup(x, y, z)


def _python_kernel(record: DispatchRecord, call: DispatchCall) -> WorkgroupCallable:
    kernel = record.function.kernel
    assert kernel is not None
    name = record.function.name
    try:
        return _reporting(kernel(call), name)
    except StatusError:
        raise
    except Exception as error:
        raise InternalStatusError(f"kernel '{name}' raised {error!r}") from error


def _reporting(run: WorkgroupCallable, name: str) -> Callable[[int, int, int], None]:
    def run_reporting(x: int, y: int, z: int) -> None:
        try:
            run(x, y, z)
        except StatusError:
            raise
        except Exception as error:
            raise InternalStatusError(f"kernel '{name}' raised {error!r}") from error

    return run_reporting
