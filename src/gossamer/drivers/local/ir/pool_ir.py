"""LLVM IR of the tile pool: worker threads that share the workgroups of one dispatch with the runner.

No lock is taken: one word, `control`, says where the pool stands (its fields: `pool_layout`).

       runner: writes the job, then stores epoch + 1, open, 0 users
    CLOSED ----------------------------------------------> OPEN <---+ worker, if the epoch is the one it saw:
    nobody inside                                           |  |    | users + 1, by compare-exchange;
       ^                                                    |  +----+ no tile left: users - 1
       |                                                    |
       |                                                    | runner: no tile left, clears `open`
       |   the last worker leaves, or none was inside       v
       +------------------------------------------------ DRAINING
                                                         nobody enters; runner waits for users to be 0

What makes it right:

- The job is written while the pool is closed and read by who is inside. The store that opens and the
  compare-exchange that enters are sequentially consistent, so that whoever enters sees the whole job.
- Entering names the epoch: a worker that comes late finds the pool closed, or another job open, and does
  nothing. It never delays the runner, and never runs tiles of a job whose memory is gone.
- Tiles are drawn by an atomic addition to the next tile of a range: each is drawn once. A participant draws
  of its own range first, which dispatches of a size share alike, so that caches stay warm; then of others'.
- A tile that fails writes `status`, of which the first write counts; the others stop drawing.

Who waits spins a little, unless processors are scarce, then sleeps in a futex:

    worker: looks at `epoch` --- has changed ---> shut down: returns; else tries to enter, draws, leaves,
              |         ^                         and looks again
              | spun    | woken: `sleepers` - 1
              v enough  | (the futex compares `epoch` with what was seen: no job is slept through)
            `sleepers` + 1, sleeps on `epoch`

    runner: spun enough ---> `waiting` = 1, looks at the users again ---> sleeps on them
            worker: leaves, was the last ---> looks at `waiting` ---> wakes the runner

In the second, each side writes first and then looks at what the other writes: at least one sees the other.
Where there is no futex there is no pool.
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
