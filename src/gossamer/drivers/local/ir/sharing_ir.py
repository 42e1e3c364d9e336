"""LLVM IR that shares the tiles of a dispatch among the participants of a pool.

Defines `@draw_tiles(pool, participant)`, in which each of them runs tiles of the open job, and
`@share_tiles`, with which a runner opens a job, takes part, closes it and waits for those still inside.
"""

from __future__ import annotations

from string import Template

from gossamer.drivers.local.ir.pool_layout import POOL_OFFSETS

_SHARING = Template("""
; Draws chunks of tiles of the open job until none is left, of its own range first; returns how many it ran.
define internal i64 @draw_tiles(ptr %pool, i32 %participant) noinline {
entry:
  %function_field = getelementptr i8, ptr %pool, i64 $pool_function
  %function = load ptr, ptr %function_field
  %environment_field = getelementptr i8, ptr %pool, i64 $pool_environment
  %environment = load ptr, ptr %environment_field
  %state_field = getelementptr i8, ptr %pool, i64 $pool_state
  %state = load ptr, ptr %state_field
  %row_field = getelementptr i8, ptr %pool, i64 $pool_row
  %row = load i64, ptr %row_field
  %plane_field = getelementptr i8, ptr %pool, i64 $pool_plane
  %plane = load i64, ptr %plane_field
  %chunk_field = getelementptr i8, ptr %pool, i64 $pool_chunk
  %chunk = load i64, ptr %chunk_field
  %stride_field = getelementptr i8, ptr %pool, i64 $pool_local_stride
  %stride = load i64, ptr %stride_field
  %local_field = getelementptr i8, ptr %pool, i64 $pool_local_memory
  %local_base = load ptr, ptr %local_field
  %size_field = getelementptr i8, ptr %pool, i64 $pool_local_size
  %size = load i32, ptr %size_field
  %participants_field = getelementptr i8, ptr %pool, i64 $pool_participants
  %participants = load i32, ptr %participants_field
  %status = getelementptr i8, ptr %pool, i64 $pool_status
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
  %ranges = getelementptr i8, ptr %pool, i64 $pool_ranges
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
  %participants_field = getelementptr i8, ptr %pool, i64 $pool_participants
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
  %ranges = getelementptr i8, ptr %pool, i64 $pool_ranges
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
  %function_field = getelementptr i8, ptr %pool, i64 $pool_function
  store ptr %function, ptr %function_field
  %environment_field = getelementptr i8, ptr %pool, i64 $pool_environment
  store ptr %environment, ptr %environment_field
  %state_field = getelementptr i8, ptr %pool, i64 $pool_state
  store ptr %state, ptr %state_field
  %row_field = getelementptr i8, ptr %pool, i64 $pool_row
  store i64 %row, ptr %row_field
  %plane_field = getelementptr i8, ptr %pool, i64 $pool_plane
  store i64 %plane, ptr %plane_field
  %chunk_field = getelementptr i8, ptr %pool, i64 $pool_chunk
  store i64 %chunk, ptr %chunk_field
  %stride_field = getelementptr i8, ptr %pool, i64 $pool_local_stride
  store i64 %stride, ptr %stride_field
  %local_field = getelementptr i8, ptr %pool, i64 $pool_local_memory
  store ptr %local, ptr %local_field
  %size_field = getelementptr i8, ptr %pool, i64 $pool_local_size
  store i32 %size, ptr %size_field
  %status = getelementptr i8, ptr %pool, i64 $pool_status
  store atomic i32 0, ptr %status monotonic, align 4
  %closed = load atomic i64, ptr %pool monotonic, align 8
  %epoch = lshr i64 %closed, 32
  %epoch_next = add i64 %epoch, 1
  %epoch_shifted = shl i64 %epoch_next, 32
  %open = or i64 %epoch_shifted, 2147483648
  store atomic i64 %open, ptr %pool seq_cst, align 8
  %sleepers_field = getelementptr i8, ptr %pool, i64 $pool_sleepers
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
  %epoch_word = getelementptr i8, ptr %pool, i64 $pool_epoch
  call void @futex_wake(ptr %epoch_word, i32 %wanted)
  br label %work
work:
  %begun = call i64 @now()
  %count = call i64 @draw_tiles(ptr %pool, i32 0)
  %ended = call i64 @now()
  %before = atomicrmw and ptr %pool, i64 -2147483649 seq_cst
  %elapsed = sub i64 %ended, %begun
  call void @record_time(ptr %time, i64 %elapsed, i64 %count)
  %waiting = getelementptr i8, ptr %pool, i64 $pool_waiting
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
""")

WITHOUT_POOL_IR = """
define internal i32 @share_tiles(ptr %pool, ptr %function, ptr %environment, ptr %state, ptr %local,
    i64 %stride, i32 %size, i64 %row, i64 %plane, i64 %first, i64 %total, i64 %chunk, ptr %time) {
  %returned = call i32 @run_tiles(ptr %function, ptr %environment, ptr %state, ptr %local, i32 %size,
      i32 0, i64 %row, i64 %plane, i64 %first, i64 %total)
  ret i32 %returned
}
"""
"""`@share_tiles` that runs all tiles itself."""


def sharing_ir(spins: int) -> str:
    """IR of sharing.

    Args:
        spins: looks of a runner at whether all have left, before it sleeps.
    """
    return _SHARING.substitute(POOL_OFFSETS, spins=spins)
