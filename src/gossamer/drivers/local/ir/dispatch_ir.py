"""LLVM IR of dispatches: kernels called for every workgroup, alone or with the workers of a pool.

Defines `@run_tiles` (with `guard_ir`), which `sharing_ir` uses, and `@run_dispatch(table, record,
local memory, pool, interrupt words)`, which returns 0, the status of the first tile that failed, or
COUNT_ERROR.
"""

from __future__ import annotations

from string import Template

from gossamer.drivers.local.ir.guard_ir import guard_ir
from gossamer.drivers.local.ir.pool_layout import POOL_OFFSETS
from gossamer.drivers.local.ir.tiles_ir import tiles_ir
from gossamer.drivers.local.ir.time_ir import TIME_IR

COUNT_ERROR = 1 << 62
"""Result of a dispatch whose workgroup count, read from memory, no kernel can be called with."""

# Work below this stays with one thread: where all workers still spin, and where some must be woken first.
_AWAKE_NANOSECONDS = 6_000
_ASLEEP_NANOSECONDS = 30_000

_CHUNK_NANOSECONDS = 2_000

_DISPATCH = Template("""
define internal i64 @run_dispatch(ptr %table, ptr %record, ptr %local_memory, ptr %pool, ptr %words) {
entry:
  %state = alloca %dispatch_state, align 16
  %pointers = alloca [64 x i64], align 16
  %lengths = alloca [64 x i64], align 16
  %own_time = alloca i32
  store i32 0, ptr %own_time
  %binding_count_field = getelementptr i8, ptr %record, i64 24
  %binding_count16 = load i16, ptr %binding_count_field
  %binding_count = zext i16 %binding_count16 to i32
  %binding_count64 = zext i32 %binding_count to i64
  %bindings_field = getelementptr i8, ptr %record, i64 48
  %bindings_offset = load i32, ptr %bindings_field
  %bindings_offset64 = zext i32 %bindings_offset to i64
  %bindings = getelementptr i8, ptr %record, i64 %bindings_offset64
  %has_bindings = icmp ne i32 %binding_count, 0
  br i1 %has_bindings, label %bind, label %bound
bind:
  %i = phi i64 [ 0, %entry ], [ %i_next, %bind ]
  %ref = getelementptr %reference, ptr %bindings, i64 %i
  %address = call i64 @resolve_address(ptr %table, ptr %record, ptr %ref)
  %length = call i64 @resolve_length(ptr %table, ptr %ref)
  %pointer_cell = getelementptr i64, ptr %pointers, i64 %i
  store i64 %address, ptr %pointer_cell
  %length_cell = getelementptr i64, ptr %lengths, i64 %i
  store i64 %length, ptr %length_cell
  %i_next = add nuw i64 %i, 1
  %more_bindings = icmp ult i64 %i_next, %binding_count64
  br i1 %more_bindings, label %bind, label %bound
bound:
  %count_field = getelementptr i8, ptr %record, i64 52
  %indirect_field = getelementptr i8, ptr %record, i64 28
  %indirect_offset = load i32, ptr %indirect_field
  %is_direct = icmp eq i32 %indirect_offset, 0
  br i1 %is_direct, label %counted, label %read_counts
read_counts:
  %indirect_offset64 = zext i32 %indirect_offset to i64
  %indirect_ref = getelementptr i8, ptr %record, i64 %indirect_offset64
  %indirect_address = call i64 @resolve_address(ptr %table, ptr %record, ptr %indirect_ref)
  %indirect_counts = inttoptr i64 %indirect_address to ptr
  br label %counted
counted:
  %counts = phi ptr [ %count_field, %bound ], [ %indirect_counts, %read_counts ]
  %count_x = load i32, ptr %counts, align 4
  %count_y_field = getelementptr i8, ptr %counts, i64 4
  %count_y = load i32, ptr %count_y_field, align 4
  %count_z_field = getelementptr i8, ptr %counts, i64 8
  %count_z = load i32, ptr %count_z_field, align 4
  %constants = getelementptr i8, ptr %record, i64 64
  %constant_count_field = getelementptr i8, ptr %record, i64 26
  %constant_count16 = load i16, ptr %constant_count_field
  %binding_count8 = trunc i32 %binding_count to i8
  %count_z16 = trunc i32 %count_z to i16
  %s0 = getelementptr %dispatch_state, ptr %state, i64 0, i32 0
  store i32 1, ptr %s0
  %s1 = getelementptr %dispatch_state, ptr %state, i64 0, i32 1
  store i32 1, ptr %s1
  %s2 = getelementptr %dispatch_state, ptr %state, i64 0, i32 2
  store i16 1, ptr %s2
  %s3 = getelementptr %dispatch_state, ptr %state, i64 0, i32 3
  store i16 %constant_count16, ptr %s3
  %s4 = getelementptr %dispatch_state, ptr %state, i64 0, i32 4
  store i32 %count_x, ptr %s4
  %s5 = getelementptr %dispatch_state, ptr %state, i64 0, i32 5
  store i32 %count_y, ptr %s5
  %s6 = getelementptr %dispatch_state, ptr %state, i64 0, i32 6
  store i16 %count_z16, ptr %s6
  %s7 = getelementptr %dispatch_state, ptr %state, i64 0, i32 7
  store i8 1, ptr %s7
  %s8 = getelementptr %dispatch_state, ptr %state, i64 0, i32 8
  store i8 %binding_count8, ptr %s8
  %s9 = getelementptr %dispatch_state, ptr %state, i64 0, i32 9
  store ptr %constants, ptr %s9
  %s10 = getelementptr %dispatch_state, ptr %state, i64 0, i32 10
  store ptr %pointers, ptr %s10
  %s11 = getelementptr %dispatch_state, ptr %state, i64 0, i32 11
  store ptr %lengths, ptr %s11
  %s12 = getelementptr %dispatch_state, ptr %state, i64 0, i32 12
  store ptr %words, ptr %s12
  %may_trap_field = getelementptr i8, ptr %record, i64 44
  %may_trap = load i32, ptr %may_trap_field
  %s13 = getelementptr %dispatch_state, ptr %state, i64 0, i32 13
  store i32 %may_trap, ptr %s13
  %local_size_field = getelementptr i8, ptr %record, i64 40
  %local_size = load i32, ptr %local_size_field
  %function_field = getelementptr i8, ptr %record, i64 8
  %function = load ptr, ptr %function_field
  %environment_field = getelementptr i8, ptr %record, i64 16
  %environment = load ptr, ptr %environment_field
  %row = zext i32 %count_x to i64
  %column = zext i32 %count_y to i64
  %depth = zext i32 %count_z to i64
  %plane = mul i64 %row, %column
  %product = call { i64, i1 } @llvm.umul.with.overflow.i64(i64 %plane, i64 %depth)
  %total = extractvalue { i64, i1 } %product, 0
  %overflows = extractvalue { i64, i1 } %product, 1
  %is_deep = icmp ugt i32 %count_z, 65535
  %too_many = or i1 %overflows, %is_deep
  br i1 %too_many, label %refused, label %accepted
refused:
  ret i64 $count_error
accepted:
  %time_field = getelementptr i8, ptr %record, i64 32
  %shared_time = load ptr, ptr %time_field
  %is_nowhere = icmp eq ptr %shared_time, null
  %time = select i1 %is_nowhere, ptr %own_time, ptr %shared_time
  %known32 = load atomic i32, ptr %time monotonic, align 4
  %is_known = icmp ne i32 %known32, 0
  %is_small = icmp ult i64 %total, 2
  %no_pool = icmp eq ptr %pool, null
  %alone = or i1 %is_small, %no_pool
  br i1 %alone, label %choose, label %pooled
choose:
  ; Once a kernel's time is known there is no need to look at the clock.
  %is_empty = icmp eq i64 %total, 0
  %is_futile = or i1 %is_nowhere, %is_empty
  %is_unclocked = or i1 %is_futile, %is_known
  br i1 %is_unclocked, label %serial, label %clocked
clocked:
  %clock_begun = call i64 @now()
  %clocked_returned = call i32 @run_plain_tiles(ptr %function, ptr %environment, ptr %state,
      ptr %local_memory, i32 %local_size, i32 0, i64 %row, i64 %plane, i64 0, i64 %total)
  %clock_ended = call i64 @now()
  %clock_elapsed = sub i64 %clock_ended, %clock_begun
  call void @record_time(ptr %time, i64 %clock_elapsed, i64 %total)
  br label %finish
serial:
  %serial_returned = call i32 @run_plain_tiles(ptr %function, ptr %environment, ptr %state, ptr %local_memory,
      i32 %local_size, i32 0, i64 %row, i64 %plane, i64 0, i64 %total)
  br label %finish
; With a pool: what a tile took before, or the first one now, tells whether it is worth waking workers for.
pooled:
  %participants_field = getelementptr i8, ptr %pool, i64 $pool_participants
  %participants = load i32, ptr %participants_field
  %participants8 = trunc i32 %participants to i8
  store i8 %participants8, ptr %s7
  %known = zext i32 %known32 to i64
  %begun = call i64 @now()
  br i1 %is_known, label %estimate, label %sample
sample:
  %first_returned = call i32 @run_plain_tiles(ptr %function, ptr %environment, ptr %state, ptr %local_memory,
      i32 %local_size, i32 0, i64 %row, i64 %plane, i64 0, i64 1)
  %first_ended = call i64 @now()
  %first_elapsed = sub i64 %first_ended, %begun
  %sampled = call i64 @llvm.umax.i64(i64 %first_elapsed, i64 1)
  %first_failed = icmp ne i32 %first_returned, 0
  br i1 %first_failed, label %finish, label %estimate
estimate:
  %first = phi i64 [ 0, %pooled ], [ 1, %sample ]
  %tile_time = phi i64 [ %known, %pooled ], [ %sampled, %sample ]
  %sleepers_field = getelementptr i8, ptr %pool, i64 $pool_sleepers
  %sleepers = load atomic i32, ptr %sleepers_field monotonic, align 4
  %all_awake = icmp eq i32 %sleepers, 0
  %least_time = select i1 %all_awake, i64 $awake_nanoseconds, i64 $asleep_nanoseconds
  %remaining = sub i64 %total, %first
  %worth = udiv i64 %least_time, %tile_time
  %least = call i64 @llvm.umax.i64(i64 %worth, i64 1)
  %is_short = icmp ule i64 %remaining, %least
  br i1 %is_short, label %rest, label %take
take:
  ; Whoever has the pool must give it back: the guard of the whole run does not reach in here.
  %guard = call ptr @suspend_guard()
  %taken_field = getelementptr i8, ptr %pool, i64 $pool_taken
  %taken = cmpxchg ptr %taken_field, i32 0, i32 1 acquire monotonic
  %was_free = extractvalue { i32, i1 } %taken, 1
  br i1 %was_free, label %share, label %busy
busy:
  call void @resume_guard(ptr %guard)
  br label %rest
rest:
  %rest_returned = call i32 @run_plain_tiles(ptr %function, ptr %environment, ptr %state, ptr %local_memory,
      i32 %local_size, i32 0, i64 %row, i64 %plane, i64 %first, i64 %total)
  %rest_ended = call i64 @now()
  %rest_elapsed = sub i64 %rest_ended, %begun
  call void @record_time(ptr %time, i64 %rest_elapsed, i64 %total)
  br label %finish
share:
  ; Chunks of about two microseconds, but enough of them for everybody to have several.
  %brief = udiv i64 $chunk_nanoseconds, %tile_time
  %participants64 = zext i32 %participants to i64
  %parts = shl i64 %participants64, 2
  %even = udiv i64 %remaining, %parts
  %bounded = call i64 @llvm.umin.i64(i64 %brief, i64 %even)
  %chunk = call i64 @llvm.umax.i64(i64 %bounded, i64 1)
  %local_size64 = zext i32 %local_size to i64
  %padded = add i64 %local_size64, 63
  %stride = and i64 %padded, -64
  %share_returned = call i32 @share_tiles(ptr %pool, ptr %function, ptr %environment, ptr %state,
      ptr %local_memory, i64 %stride, i32 %local_size, i64 %row, i64 %plane, i64 %first, i64 %total,
      i64 %chunk, ptr %time)
  store atomic i32 0, ptr %taken_field release, align 4
  call void @resume_guard(ptr %guard)
  br label %finish
finish:
  %returned = phi i32 [ %serial_returned, %serial ], [ %clocked_returned, %clocked ],
                      [ %first_returned, %sample ], [ %rest_returned, %rest ], [ %share_returned, %share ]
  %result = zext i32 %returned to i64
  ret i64 %result
}
""")


def dispatch_ir(triple: str) -> str:
    """IR for a target, which decides whether kernels that trap can be left."""
    return (
        TIME_IR
        + tiles_ir()
        + guard_ir(triple)
        + _DISPATCH.substitute(
            POOL_OFFSETS,
            count_error=COUNT_ERROR,
            awake_nanoseconds=_AWAKE_NANOSECONDS,
            asleep_nanoseconds=_ASLEEP_NANOSECONDS,
            chunk_nanoseconds=_CHUNK_NANOSECONDS,
        )
    )
