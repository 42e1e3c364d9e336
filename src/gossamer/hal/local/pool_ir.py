"""LLVM IR of the tile pool: worker threads that share the workgroups of one dispatch with the runner.

The pool is one block of zeroed memory, 64 bytes a line so that words written by different threads do not
share one:

      0 i64 control: epoch << 32 | open << 31 | users     64 i64 next tile
    128 job: ptr function, environment, dispatch state; i64 tiles, tiles of a row, tiles of a plane, chunk
    184 i64 bytes of local memory of each participant   192 ptr local memory of all   200 i32 size of it
    256 i32 status of the first tile that failed        320 i32 sleeping workers
    384 i32 shut down   388 i32 participants            448 i32 taken by a runner

A runner takes the pool, writes the job and opens the next epoch; workers join while it is open and draw
chunks of tiles until none is left. The runner draws as well, closes the epoch, and waits for the users
that are still inside. A worker that comes late finds the epoch closed: it never delays the runner.
Idle workers spin a little, then sleep in a futex on the epoch; where there is no futex there is no pool.
"""

from __future__ import annotations

from string import Template

WORKER_SYMBOL = "gossamer_hal_worker"
SHUTDOWN_SYMBOL = "gossamer_hal_shutdown"
POOL_BYTES = 512
PARTICIPANTS_OFFSET = 388

_FUTEX_NUMBERS = {"x86_64": 202, "aarch64": 98, "riscv64": 98}
_SPINS = 2000

_POOL = Template("""
declare i64 @syscall(i64, ...)
declare i32 @sched_yield()

define internal void @futex_wait(ptr %word, i32 %expected) noinline {
  %ignored = call i64 (i64, ...) @syscall(
      i64 $futex, ptr %word, i32 128, i32 %expected, ptr null, ptr null, i32 0)
  ret void
}

define internal void @futex_wake(ptr %word) noinline {
  %ignored = call i64 (i64, ...) @syscall(
      i64 $futex, ptr %word, i32 129, i32 1024, ptr null, ptr null, i32 0)
  ret void
}

; Draws chunks of tiles of the open job until none is left.
define internal void @draw_tiles(ptr %pool, i32 %participant) noinline {
  %next = getelementptr i8, ptr %pool, i64 64
  %function_field = getelementptr i8, ptr %pool, i64 128
  %function = load ptr, ptr %function_field
  %environment_field = getelementptr i8, ptr %pool, i64 136
  %environment = load ptr, ptr %environment_field
  %state_field = getelementptr i8, ptr %pool, i64 144
  %state = load ptr, ptr %state_field
  %total_field = getelementptr i8, ptr %pool, i64 152
  %total = load i64, ptr %total_field
  %row_field = getelementptr i8, ptr %pool, i64 160
  %row = load i64, ptr %row_field
  %plane_field = getelementptr i8, ptr %pool, i64 168
  %plane = load i64, ptr %plane_field
  %chunk_field = getelementptr i8, ptr %pool, i64 176
  %chunk = load i64, ptr %chunk_field
  %stride_field = getelementptr i8, ptr %pool, i64 184
  %stride = load i64, ptr %stride_field
  %local_field = getelementptr i8, ptr %pool, i64 192
  %local_base = load ptr, ptr %local_field
  %size_field = getelementptr i8, ptr %pool, i64 200
  %size = load i32, ptr %size_field
  %participant64 = zext i32 %participant to i64
  %local_offset = mul i64 %stride, %participant64
  %local = getelementptr i8, ptr %local_base, i64 %local_offset
  br label %draw
draw:
  %first = atomicrmw add ptr %next, i64 %chunk monotonic
  %any = icmp ult i64 %first, %total
  br i1 %any, label %run, label %done
run:
  %sum = add i64 %first, %chunk
  %within = icmp ult i64 %sum, %total
  %last = select i1 %within, i64 %sum, i64 %total
  %returned = call i32 @run_tiles(ptr %function, ptr %environment, ptr %state, ptr %local, i32 %size,
      i32 %participant, i64 %row, i64 %plane, i64 %first, i64 %last)
  %failed = icmp ne i32 %returned, 0
  br i1 %failed, label %failure, label %draw
failure:
  %status = getelementptr i8, ptr %pool, i64 256
  %exchange = cmpxchg ptr %status, i32 0, i32 %returned monotonic monotonic
  store atomic i64 %total, ptr %next monotonic, align 8
  br label %done
done:
  ret void
}

; Runs tiles with the pool's workers; the caller has taken the pool.
define internal i32 @share_tiles(ptr %pool, ptr %function, ptr %environment, ptr %state, ptr %local,
    i64 %stride, i32 %size, i64 %row, i64 %plane, i64 %first, i64 %total, i64 %chunk) noinline {
entry:
  %next = getelementptr i8, ptr %pool, i64 64
  store atomic i64 %first, ptr %next monotonic, align 8
  %function_field = getelementptr i8, ptr %pool, i64 128
  store ptr %function, ptr %function_field
  %environment_field = getelementptr i8, ptr %pool, i64 136
  store ptr %environment, ptr %environment_field
  %state_field = getelementptr i8, ptr %pool, i64 144
  store ptr %state, ptr %state_field
  %total_field = getelementptr i8, ptr %pool, i64 152
  store i64 %total, ptr %total_field
  %row_field = getelementptr i8, ptr %pool, i64 160
  store i64 %row, ptr %row_field
  %plane_field = getelementptr i8, ptr %pool, i64 168
  store i64 %plane, ptr %plane_field
  %chunk_field = getelementptr i8, ptr %pool, i64 176
  store i64 %chunk, ptr %chunk_field
  %stride_field = getelementptr i8, ptr %pool, i64 184
  store i64 %stride, ptr %stride_field
  %local_field = getelementptr i8, ptr %pool, i64 192
  store ptr %local, ptr %local_field
  %size_field = getelementptr i8, ptr %pool, i64 200
  store i32 %size, ptr %size_field
  %status = getelementptr i8, ptr %pool, i64 256
  store atomic i32 0, ptr %status monotonic, align 4
  %closed = load atomic i64, ptr %pool monotonic, align 8
  %epoch = lshr i64 %closed, 32
  %epoch_next = add i64 %epoch, 1
  %epoch_shifted = shl i64 %epoch_next, 32
  %open = or i64 %epoch_shifted, 2147483648
  store atomic i64 %open, ptr %pool seq_cst, align 8
  %sleepers_field = getelementptr i8, ptr %pool, i64 320
  %sleepers = load atomic i32, ptr %sleepers_field seq_cst, align 4
  %asleep = icmp ne i32 %sleepers, 0
  br i1 %asleep, label %wake, label %work
wake:
  %epoch_word = getelementptr i8, ptr %pool, i64 4
  call void @futex_wake(ptr %epoch_word)
  br label %work
work:
  call void @draw_tiles(ptr %pool, i32 0)
  %before = atomicrmw and ptr %pool, i64 -2147483649 seq_cst
  br label %check
check:
  %spins = phi i64 [ 0, %work ], [ %spins_next, %pause ], [ %spins_next, %yield ]
  %control = load atomic i64, ptr %pool acquire, align 8
  %users = and i64 %control, 2147483647
  %alone = icmp eq i64 %users, 0
  br i1 %alone, label %done, label %wait
wait:
  %spins_next = add i64 %spins, 1
  %many = icmp ugt i64 %spins_next, $spins
  br i1 %many, label %yield, label %pause
pause:
  call void @pause()
  br label %check
yield:
  %ignored = call i32 @sched_yield()
  br label %check
done:
  %result = load atomic i32, ptr %status monotonic, align 4
  ret i32 %result
}

; A worker thread: returns when the pool is shut down.
define void @$worker(ptr %pool, i32 %participant) {
entry:
  %ignored = call i64 @enter_float_mode()
  %epoch_word = getelementptr i8, ptr %pool, i64 4
  %sleepers = getelementptr i8, ptr %pool, i64 320
  %shutdown_field = getelementptr i8, ptr %pool, i64 384
  br label %idle
idle:
  %seen = phi i32 [ 0, %entry ], [ %epoch, %closed ], [ %epoch, %leave ]
  br label %look
look:
  %spins = phi i64 [ 0, %idle ], [ %spins_next, %spin ], [ 0, %sleep ]
  %epoch = load atomic i32, ptr %epoch_word seq_cst, align 4
  %changed = icmp ne i32 %epoch, %seen
  br i1 %changed, label %woken, label %nothing
nothing:
  %spins_next = add i64 %spins, 1
  %patient = icmp ult i64 %spins_next, $spins
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
  call void @draw_tiles(ptr %pool, i32 %participant)
  %left = atomicrmw sub ptr %pool, i64 1 seq_cst
  br label %leave
leave:
  br label %idle
closed:
  br label %idle
quit:
  ret void
}

define void @$shutdown(ptr %pool) {
  %shutdown_field = getelementptr i8, ptr %pool, i64 384
  store atomic i32 1, ptr %shutdown_field seq_cst, align 4
  %epoch_word = getelementptr i8, ptr %pool, i64 4
  %ignored = atomicrmw add ptr %epoch_word, i32 1 seq_cst
  call void @futex_wake(ptr %epoch_word)
  ret void
}
""")

_NO_POOL = """
define internal i32 @share_tiles(ptr %pool, ptr %function, ptr %environment, ptr %state, ptr %local,
    i64 %stride, i32 %size, i64 %row, i64 %plane, i64 %first, i64 %total, i64 %chunk) {
  %returned = call i32 @run_tiles(ptr %function, ptr %environment, ptr %state, ptr %local, i32 %size,
      i32 0, i64 %row, i64 %plane, i64 %first, i64 %total)
  ret i32 %returned
}
"""


def has_pool(triple: str) -> bool:
    """True where workers can sleep: on Linux, on processors whose system call numbers are known."""
    return "linux" in triple and triple.partition("-")[0] in _FUTEX_NUMBERS


def pool_ir(triple: str) -> str:
    """IR of the pool, or of a stand-in that runs all tiles itself."""
    if not has_pool(triple):
        return _NO_POOL
    return _POOL.substitute(
        futex=_FUTEX_NUMBERS[triple.partition("-")[0]],
        spins=_SPINS,
        worker=WORKER_SYMBOL,
        shutdown=SHUTDOWN_SYMBOL,
    )
