"""LLVM IR of the tile pool: worker threads that share the workgroups of one dispatch with the runner.

The pool is one block of zeroed memory, 64 bytes a line so that words written by different threads do not
share one:

      0 i64 control: epoch << 32 | open << 31 | users    64 i32 the runner sleeps until the users have left
    128 job: ptr function, environment, dispatch state; i64 tiles of a row, tiles of a plane, chunk
    176 i64 bytes of local memory of each participant   184 ptr local memory of all   192 i32 size of it
    256 i32 status of the first tile that failed        320 i32 sleeping workers
    384 i32 shut down   388 i32 participants   392 i32 more participants than processors
    448 i32 taken by a runner
    512 for each participant, 64 bytes: i64 next tile, i64 end of its range

A runner takes the pool, writes the job and opens the next epoch; workers join while it is open. Each draws
chunks of tiles of its own range, which dispatches of a size share alike, so that caches stay warm; then of
the others' ranges until none is left. The runner draws as well, closes the epoch, and waits for the users
that are still inside. A worker that comes late finds the epoch closed: it never delays the runner.
Who waits spins a little, unless processors are scarce, then sleeps: workers in a futex on the epoch, the
runner in one on the users. Where there is no futex there is no pool.
"""

from __future__ import annotations

from string import Template

WORKER_SYMBOL = "gossamer_hal_worker"
SHUTDOWN_SYMBOL = "gossamer_hal_shutdown"
MAXIMUM_PARTICIPANTS = 64
PARTICIPANTS_OFFSET = 388
CROWDED_OFFSET = 392
SLEEPERS_OFFSET = 320
_RANGES_OFFSET = 512
POOL_BYTES = _RANGES_OFFSET + 64 * MAXIMUM_PARTICIPANTS

_FUTEX_NUMBERS = {"x86_64": 202, "aarch64": 98, "riscv64": 98}
_SPINS = 2000

_POOL = Template("""
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

; Draws chunks of tiles of the open job until none is left, of its own range first; returns how many it ran.
define internal i64 @draw_tiles(ptr %pool, i32 %participant) noinline {
entry:
  %function_field = getelementptr i8, ptr %pool, i64 128
  %function = load ptr, ptr %function_field
  %environment_field = getelementptr i8, ptr %pool, i64 136
  %environment = load ptr, ptr %environment_field
  %state_field = getelementptr i8, ptr %pool, i64 144
  %state = load ptr, ptr %state_field
  %row_field = getelementptr i8, ptr %pool, i64 152
  %row = load i64, ptr %row_field
  %plane_field = getelementptr i8, ptr %pool, i64 160
  %plane = load i64, ptr %plane_field
  %chunk_field = getelementptr i8, ptr %pool, i64 168
  %chunk = load i64, ptr %chunk_field
  %stride_field = getelementptr i8, ptr %pool, i64 176
  %stride = load i64, ptr %stride_field
  %local_field = getelementptr i8, ptr %pool, i64 184
  %local_base = load ptr, ptr %local_field
  %size_field = getelementptr i8, ptr %pool, i64 192
  %size = load i32, ptr %size_field
  %participants_field = getelementptr i8, ptr %pool, i64 $participants_offset
  %participants = load i32, ptr %participants_field
  %status = getelementptr i8, ptr %pool, i64 256
  %participant64 = zext i32 %participant to i64
  %local_offset = mul i64 %stride, %participant64
  %local = getelementptr i8, ptr %local_base, i64 %local_offset
  br label %choose
choose:
  %owner = phi i32 [ %participant, %entry ], [ %owner_next, %exhausted ]
  %visited = phi i32 [ 0, %entry ], [ %visited_next, %exhausted ]
  %count = phi i64 [ 0, %entry ], [ %count_drawn, %exhausted ]
  %owner64 = zext i32 %owner to i64
  %range_offset = shl i64 %owner64, 6
  %ranges = getelementptr i8, ptr %pool, i64 $ranges_offset
  %next = getelementptr i8, ptr %ranges, i64 %range_offset
  %end_field = getelementptr i8, ptr %next, i64 8
  %end = load i64, ptr %end_field
  br label %draw
draw:
  %count_drawn = phi i64 [ %count, %choose ], [ %count_run, %run ]
  %first = atomicrmw add ptr %next, i64 %chunk monotonic
  %any = icmp ult i64 %first, %end
  br i1 %any, label %check, label %exhausted
check:
  %found_status = load atomic i32, ptr %status monotonic, align 4
  %is_well = icmp eq i32 %found_status, 0
  br i1 %is_well, label %run, label %done
run:
  %sum = add i64 %first, %chunk
  %last = call i64 @llvm.umin.i64(i64 %sum, i64 %end)
  %returned = call i32 @run_tiles(ptr %function, ptr %environment, ptr %state, ptr %local, i32 %size,
      i32 %participant, i64 %row, i64 %plane, i64 %first, i64 %last)
  %length = sub i64 %last, %first
  %count_run = add i64 %count_drawn, %length
  %failed = icmp ne i32 %returned, 0
  br i1 %failed, label %failure, label %draw
exhausted:
  %owner_after = add i32 %owner, 1
  %wraps = icmp eq i32 %owner_after, %participants
  %owner_next = select i1 %wraps, i32 0, i32 %owner_after
  %visited_next = add i32 %visited, 1
  %more = icmp ult i32 %visited_next, %participants
  br i1 %more, label %choose, label %done
failure:
  %exchange = cmpxchg ptr %status, i32 0, i32 %returned monotonic monotonic
  br label %done
done:
  %result = phi i64 [ %count_drawn, %exhausted ], [ %count_drawn, %check ], [ %count_run, %failure ]
  ret i64 %result
}

; Gives each participant a range of the tiles that is as long as the others', give or take one.
define internal void @write_ranges(ptr %pool, i64 %first, i64 %total) noinline {
entry:
  %participants_field = getelementptr i8, ptr %pool, i64 $participants_offset
  %participants = load i32, ptr %participants_field
  %participants64 = zext i32 %participants to i64
  %remaining = sub i64 %total, %first
  %length = udiv i64 %remaining, %participants64
  %left_over = urem i64 %remaining, %participants64
  br label %loop
loop:
  %index = phi i64 [ 0, %entry ], [ %index_next, %loop ]
  %start = phi i64 [ %first, %entry ], [ %end, %loop ]
  %gets_more = icmp ult i64 %index, %left_over
  %extra = zext i1 %gets_more to i64
  %own_length = add i64 %length, %extra
  %end = add i64 %start, %own_length
  %offset = shl i64 %index, 6
  %ranges = getelementptr i8, ptr %pool, i64 $ranges_offset
  %next = getelementptr i8, ptr %ranges, i64 %offset
  store atomic i64 %start, ptr %next monotonic, align 8
  %end_field = getelementptr i8, ptr %next, i64 8
  store i64 %end, ptr %end_field
  %index_next = add nuw i64 %index, 1
  %more = icmp ult i64 %index_next, %participants64
  br i1 %more, label %loop, label %done
done:
  ret void
}

; Runs tiles with the pool's workers; the caller has taken the pool. %time is where the time of a tile goes.
define internal i32 @share_tiles(ptr %pool, ptr %function, ptr %environment, ptr %state, ptr %local,
    i64 %stride, i32 %size, i64 %row, i64 %plane, i64 %first, i64 %total, i64 %chunk, ptr %time) noinline {
entry:
  call void @write_ranges(ptr %pool, i64 %first, i64 %total)
  %function_field = getelementptr i8, ptr %pool, i64 128
  store ptr %function, ptr %function_field
  %environment_field = getelementptr i8, ptr %pool, i64 136
  store ptr %environment, ptr %environment_field
  %state_field = getelementptr i8, ptr %pool, i64 144
  store ptr %state, ptr %state_field
  %row_field = getelementptr i8, ptr %pool, i64 152
  store i64 %row, ptr %row_field
  %plane_field = getelementptr i8, ptr %pool, i64 160
  store i64 %plane, ptr %plane_field
  %chunk_field = getelementptr i8, ptr %pool, i64 168
  store i64 %chunk, ptr %chunk_field
  %stride_field = getelementptr i8, ptr %pool, i64 176
  store i64 %stride, ptr %stride_field
  %local_field = getelementptr i8, ptr %pool, i64 184
  store ptr %local, ptr %local_field
  %size_field = getelementptr i8, ptr %pool, i64 192
  store i32 %size, ptr %size_field
  %status = getelementptr i8, ptr %pool, i64 256
  store atomic i32 0, ptr %status monotonic, align 4
  %closed = load atomic i64, ptr %pool monotonic, align 8
  %epoch = lshr i64 %closed, 32
  %epoch_next = add i64 %epoch, 1
  %epoch_shifted = shl i64 %epoch_next, 32
  %open = or i64 %epoch_shifted, 2147483648
  store atomic i64 %open, ptr %pool seq_cst, align 8
  %sleepers_field = getelementptr i8, ptr %pool, i64 $sleepers_offset
  %sleepers = load atomic i32, ptr %sleepers_field seq_cst, align 4
  %asleep = icmp ne i32 %sleepers, 0
  br i1 %asleep, label %wake, label %work
wake:
  ; No more than there are chunks for, beside the runner's own.
  %remaining = sub i64 %total, %first
  %padded = sub i64 %chunk, 1
  %rounded = add i64 %remaining, %padded
  %chunks = udiv i64 %rounded, %chunk
  %helpful = sub i64 %chunks, 1
  %bounded = call i64 @llvm.umin.i64(i64 %helpful, i64 1024)
  %wanted = trunc i64 %bounded to i32
  %epoch_word = getelementptr i8, ptr %pool, i64 4
  call void @futex_wake(ptr %epoch_word, i32 %wanted)
  br label %work
work:
  %begun = call i64 @now()
  %count = call i64 @draw_tiles(ptr %pool, i32 0)
  %ended = call i64 @now()
  %before = atomicrmw and ptr %pool, i64 -2147483649 seq_cst
  %elapsed = sub i64 %ended, %begun
  call void @record_time(ptr %time, i64 %elapsed, i64 %count)
  %waiting = getelementptr i8, ptr %pool, i64 64
  br label %look
look:
  %spins = phi i64 [ 0, %work ], [ %spins_next, %pause ], [ %spins_next, %sleep ]
  %control = load atomic i64, ptr %pool seq_cst, align 8
  %users = and i64 %control, 2147483647
  %alone = icmp eq i64 %users, 0
  br i1 %alone, label %done, label %wait
wait:
  %spins_next = add i64 %spins, 1
  %many = icmp ugt i64 %spins_next, $spins
  br i1 %many, label %announce, label %pause
pause:
  call void @pause()
  br label %look
announce:
  ; Whoever leaves last after this sees the word; whoever left before is seen here.
  store atomic i32 1, ptr %waiting seq_cst, align 4
  %announced = load atomic i64, ptr %pool seq_cst, align 8
  %users_word = trunc i64 %announced to i32
  %left_all = icmp eq i32 %users_word, 0
  br i1 %left_all, label %done, label %sleep
sleep:
  call void @futex_wait(ptr %pool, i32 %users_word)
  br label %look
done:
  store atomic i32 0, ptr %waiting monotonic, align 4
  %result = load atomic i32, ptr %status monotonic, align 4
  ret i32 %result
}

; A worker thread: returns when the pool is shut down.
define void @$worker(ptr %pool, i32 %participant) {
entry:
  %ignored = call i64 @enter_float_mode()
  %epoch_word = getelementptr i8, ptr %pool, i64 4
  %waiting = getelementptr i8, ptr %pool, i64 64
  %sleepers = getelementptr i8, ptr %pool, i64 $sleepers_offset
  %shutdown_field = getelementptr i8, ptr %pool, i64 384
  %crowded_field = getelementptr i8, ptr %pool, i64 $crowded_offset
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
  %shutdown_field = getelementptr i8, ptr %pool, i64 384
  store atomic i32 1, ptr %shutdown_field seq_cst, align 4
  %epoch_word = getelementptr i8, ptr %pool, i64 4
  %ignored = atomicrmw add ptr %epoch_word, i32 1 seq_cst
  call void @futex_wake(ptr %epoch_word, i32 1024)
  ret void
}
""")

_NO_POOL = """
define internal i32 @share_tiles(ptr %pool, ptr %function, ptr %environment, ptr %state, ptr %local,
    i64 %stride, i32 %size, i64 %row, i64 %plane, i64 %first, i64 %total, i64 %chunk, ptr %time) {
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
        ranges_offset=_RANGES_OFFSET,
        participants_offset=PARTICIPANTS_OFFSET,
        sleepers_offset=SLEEPERS_OFFSET,
        crowded_offset=CROWDED_OFFSET,
        worker=WORKER_SYMBOL,
        shutdown=SHUTDOWN_SYMBOL,
    )
