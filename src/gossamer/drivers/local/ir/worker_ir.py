"""LLVM IR of the worker threads of a pool.

Defines the functions WORKER_SYMBOL(pool, participant), the life of a worker, and SHUTDOWN_SYMBOL(pool), which
ends that of all of them. Workers join a job while it is open and draw tiles of it; in between they spin, then
sleep.
"""

from __future__ import annotations

from string import Template

from gossamer.drivers.local.ir.pool_layout import POOL_OFFSETS

WORKER_SYMBOL = "gossamer_hal_worker"
SHUTDOWN_SYMBOL = "gossamer_hal_shutdown"

_WORKER = Template("""
; A worker thread: returns when the pool is shut down.
define void @$worker(ptr %pool, i32 %participant) {
entry:
  %ignored = call i64 @enter_float_mode()
  %epoch_word = getelementptr i8, ptr %pool, i64 $pool_epoch
  %waiting = getelementptr i8, ptr %pool, i64 $pool_waiting
  %sleepers = getelementptr i8, ptr %pool, i64 $pool_sleepers
  %shutdown_field = getelementptr i8, ptr %pool, i64 $pool_shutdown
  %crowded_field = getelementptr i8, ptr %pool, i64 $pool_crowded
  %crowded = load i32, ptr %crowded_field
  %is_crowded = icmp ne i32 %crowded, 0
  %patience = select i1 %is_crowded, i64 0, i64 $spins
  br label %idle
idle:
  %seen = phi i32 [ 0, %entry ], [ %epoch, %closed ], [ %epoch, %leave ], [ %epoch, %rouse ]
  br label %look
look:
  %spins = phi i64 [ 0, %idle ], [ %spins_next, %spin ], [ 0, %sleep ]
  %epoch = load atomic i32, ptr %epoch_word seq_cst, align 4
  %changed = icmp ne i32 %epoch, %seen
  br i1 %changed, label %woken, label %nothing
nothing:
  %spins_next = add i64 %spins, 1
  %patient = icmp ule i64 %spins_next, %patience
  br i1 %patient, label %spin, label %sleep
spin:
  call void @pause()
  br label %look
sleep:
  %more = atomicrmw add ptr %sleepers, i32 1 seq_cst
  call void @futex_wait(ptr %epoch_word, i32 %seen)
  %fewer = atomicrmw sub ptr %sleepers, i32 1 seq_cst
  br label %look
woken:
  %shutdown = load atomic i32, ptr %shutdown_field acquire, align 4
  %stop = icmp ne i32 %shutdown, 0
  br i1 %stop, label %quit, label %join
join:
  %control = load atomic i64, ptr %pool seq_cst, align 8
  br label %try
try:
  %current = phi i64 [ %control, %join ], [ %found, %enter ]
  %open_bit = and i64 %current, 2147483648
  %is_open = icmp ne i64 %open_bit, 0
  %current_epoch = lshr i64 %current, 32
  %current_epoch32 = trunc i64 %current_epoch to i32
  %same = icmp eq i32 %current_epoch32, %epoch
  %may_enter = and i1 %is_open, %same
  br i1 %may_enter, label %enter, label %closed
enter:
  %entered = add i64 %current, 1
  %exchange = cmpxchg ptr %pool, i64 %current, i64 %entered seq_cst seq_cst
  %found = extractvalue { i64, i1 } %exchange, 0
  %success = extractvalue { i64, i1 } %exchange, 1
  br i1 %success, label %work, label %try
work:
  %count = call i64 @draw_tiles(ptr %pool, i32 %participant)
  %before = atomicrmw sub ptr %pool, i64 1 seq_cst
  %users = and i64 %before, 4294967295
  %is_last = icmp eq i64 %users, 1
  br i1 %is_last, label %leave, label %closed
leave:
  %waits = load atomic i32, ptr %waiting seq_cst, align 4
  %is_awaited = icmp ne i32 %waits, 0
  br i1 %is_awaited, label %rouse, label %idle
rouse:
  call void @futex_wake(ptr %pool, i32 1)
  br label %idle
closed:
  br label %idle
quit:
  ret void
}

define void @$shutdown(ptr %pool) {
  %shutdown_field = getelementptr i8, ptr %pool, i64 $pool_shutdown
  store atomic i32 1, ptr %shutdown_field seq_cst, align 4
  %epoch_word = getelementptr i8, ptr %pool, i64 $pool_epoch
  %ignored = atomicrmw add ptr %epoch_word, i32 1 seq_cst
  call void @futex_wake(ptr %epoch_word, i32 1024)
  ret void
}
""")


def worker_ir(spins: int) -> str:
    """IR of workers.

    Args:
        spins: looks of a worker at whether there is a new job, before it sleeps.
    """
    return _WORKER.substitute(
        POOL_OFFSETS,
        spins=spins,
        worker=WORKER_SYMBOL,
        shutdown=SHUTDOWN_SYMBOL,
    )
