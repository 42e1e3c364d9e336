"""LLVM IR of the tile pool: worker threads that share the workgroups of one dispatch with the runner.

A runner takes the pool, writes the job (see `pool_layout`) and opens the next epoch; workers join while it is
open. Each draws chunks of tiles of its own range, which dispatches of a size share alike, so that caches stay
warm; then of the others' ranges until none is left. The runner draws as well, closes the epoch, and waits for
the users that are still inside. A worker that comes late finds the epoch closed: it never delays the runner.
Who waits spins a little, unless processors are scarce, then sleeps: workers in a futex on the epoch, the
runner in one on the users. Where there is no futex there is no pool.
"""

from __future__ import annotations

from string import Template

from gossamer.drivers.local.ir.sharing_ir import WITHOUT_POOL_IR, sharing_ir
from gossamer.drivers.local.ir.worker_ir import worker_ir

_FUTEX_NUMBERS = {"x86_64": 202, "aarch64": 98, "riscv64": 98}
_SPINS = 2000

_FUTEX = Template("""
declare i64 @syscall(i64, ...)

define internal void @futex_wait(ptr %word, i32 %expected) noinline {
  %ignored = call i64 (i64, ...) @syscall(
      i64 $futex, ptr %word, i32 128, i32 %expected, ptr null, ptr null, i32 0)
  ret void
}

define internal void @futex_wake(ptr %word, i32 %count) noinline {
  %ignored = call i64 (i64, ...) @syscall(
      i64 $futex, ptr %word, i32 129, i32 %count, ptr null, ptr null, i32 0)
  ret void
}
""")


def has_pool(triple: str) -> bool:
    """True where workers can sleep: on Linux, on processors whose system call numbers are known."""
    return "linux" in triple and triple.partition("-")[0] in _FUTEX_NUMBERS


def pool_ir(triple: str) -> str:
    """IR of the pool, or of a stand-in that runs all tiles itself."""
    if not has_pool(triple):
        return WITHOUT_POOL_IR
    futex = _FUTEX.substitute(futex=_FUTEX_NUMBERS[triple.partition("-")[0]])
    return futex + sharing_ir(_SPINS) + worker_ir(_SPINS)
