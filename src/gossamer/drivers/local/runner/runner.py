"""Chooses how a program runs: natively in one call, or record by record in Python.

Python runs it where a kernel is a Python callable or where this machine has no LLVM to build the runner with.
"""

from __future__ import annotations

from functools import cache, partial
from threading import get_ident

from gossamer.drivers.local.runner.faults import StopRequest
from gossamer.drivers.local.runner.native_runner import (
    native_functions,
    plain_call,
    run_error,
    run_native,
)
from gossamer.drivers.local.runner.python_runner import run_python
from gossamer.drivers.local.runner.tile_pool import TilePool
from gossamer.hal.command.command_program import CommandProgram
from gossamer.hal.command.runner import Runner
from gossamer.limits.scope import CallScope


@cache
def has_native_runner() -> bool:
    """True where the native runner can be built; asked once a process."""
    try:
        native_functions()
    except (ImportError, RuntimeError, OSError):
        return False
    return True


def runner_for(program: CommandProgram, pool: TilePool | None = None) -> Runner:
    """The quickest runner of a program.

    Args:
        pool: workers that it may share dispatches with, where its caller allows that; None for no workers.
    """
    if not program.is_native or not has_native_runner():
        return partial(_run_in_python, program, pool)
    if program.local_memory_bytes:
        return partial(_run_natively, program, pool)
    call, run_call = plain_call(program), native_functions().run

    def run(table: bytes, shares_work: bool, scope: CallScope | None) -> None:
        if scope is None and not shares_work:
            result = run_call(call + table)
            if result:
                raise run_error(program, result, None)
        else:
            _run_natively(program, pool, table, shares_work, scope)

    return run


def _run_natively(
    program: CommandProgram, pool: TilePool | None, table: bytes, shares_work: bool, scope: CallScope | None
) -> None:
    if not shares_work:
        pool = None
    if scope is not None and program.may_trap:
        _run_leaving_kernels(program, table, pool, scope)
    elif pool is None:
        run_native(program, table, scope=scope)
    else:
        run_native(program, table, pool.address, pool.participants, scope)


def _run_leaving_kernels(
    program: CommandProgram, table: bytes, pool: TilePool | None, scope: CallScope
) -> None:
    """Run kernels that never ask whether to go on, and leave them when their scope is stopped."""
    address = 0 if pool is None else pool.address
    request = StopRequest((get_ident(), *(() if pool is None else pool.thread_identifiers)))
    scope.on_stop(request, request.send)
    try:
        run_native(program, table, address, 1 if pool is None else pool.participants, scope)
    finally:
        scope.forget(request)
        request.close()


def _run_in_python(
    program: CommandProgram, pool: TilePool | None, table: bytes, shares_work: bool, scope: CallScope | None
) -> None:
    def run(program: CommandProgram, table: bytes, scope: CallScope | None) -> None:
        _run_natively(program, pool, table, shares_work, scope)

    run_python(program, table, scope, run if has_native_runner() else None)
