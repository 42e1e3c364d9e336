"""LLVM IR of the native runner: the loop over records (see `record_layout`).

`gossamer_hal_run(call)` runs records in order and returns 0, or (record index + 1) << 32 | status of the
first dispatch that fails; COUNT_ERROR is set in it where the dispatch was refused for its workgroup count.
A call is u64 addresses of the program, of local memory, of a pool or 0, and of interrupt words, and then the
binding table: pairs of u64 address and length by slot. The caller has checked that every reference is within
its slot. With a pool (see `pool_ir`) the tiles of a dispatch that takes long enough are shared with its
workers; every record is done before the next starts.
Denormals are flushed to zero around the whole run, as compiled kernels expect; then the caller's mode is
restored.
"""

from __future__ import annotations

import struct
from string import Template

from gossamer.drivers.local.ir.dispatch_ir import dispatch_ir
from gossamer.drivers.local.ir.float_mode_ir import float_mode_ir
from gossamer.drivers.local.ir.pool_ir import pool_ir
from gossamer.drivers.local.ir.transfer_ir import transfer_ir
from gossamer.errors import StatusCode
from gossamer.limits.interrupt_word import STOP
from gossamer.machine_code.interrupt_ir import IS_INTERRUPTED_IR

RUN_SYMBOL = "gossamer_hal_run"
CALL_FORMAT = struct.Struct("<4Q")
"""Of a call, without its binding table."""

_RUN = Template("""
; Runs all records, noting in %progress which is at work; 0, or where and why one failed.
define internal i64 @run_records(ptr %program, ptr %table, ptr %local_memory, ptr %pool, ptr %words,
    ptr %progress) {
entry:
  %record_count = load i64, ptr %program
  %first_record = getelementptr i8, ptr %program, i64 64
  %has_records = icmp ne i64 %record_count, 0
  br i1 %has_records, label %loop, label %done
loop:
  %index = phi i64 [ 0, %entry ], [ %index_next, %next ]
  %record = phi ptr [ %first_record, %entry ], [ %record_next, %next ]
  %index_next = add nuw i64 %index, 1
  store volatile i64 %index_next, ptr %progress
  %flags = load atomic i32, ptr %words monotonic, align 4
  %stop_bit = and i32 %flags, $stop
  %is_stopped = icmp ne i32 %stop_bit, 0
  br i1 %is_stopped, label %stopped, label %begin
begin:
  %kind = load i32, ptr %record
  switch i32 %kind, label %next [ i32 1, label %dispatch
                                  i32 2, label %fill
                                  i32 3, label %copy ]
dispatch:
  %returned = call i64 @run_dispatch(ptr %table, ptr %record, ptr %local_memory, ptr %pool, ptr %words)
  %failed = icmp ne i64 %returned, 0
  br i1 %failed, label %failure, label %next
fill:
  call void @run_fill(ptr %table, ptr %record)
  br label %next
copy:
  call void @run_copy(ptr %table, ptr %record)
  br label %next
next:
  %words8_field = getelementptr i8, ptr %record, i64 4
  %words8 = load i32, ptr %words8_field
  %words8_64 = zext i32 %words8 to i64
  %record_next = getelementptr i64, ptr %record, i64 %words8_64
  %more = icmp ult i64 %index_next, %record_count
  br i1 %more, label %loop, label %done
stopped:
  br label %failure
failure:
  %status = phi i64 [ %returned, %dispatch ], [ $cancelled, %stopped ]
  %where = shl i64 %index_next, 32
  %result = or i64 %where, %status
  ret i64 %result
done:
  ret i64 0
}

define i64 @$run_symbol(ptr %call) {
entry:
  %progress = alloca i64
  %program = load ptr, ptr %call
  %local_memory_field = getelementptr i8, ptr %call, i64 8
  %local_memory = load ptr, ptr %local_memory_field
  %pool_field = getelementptr i8, ptr %call, i64 16
  %pool = load ptr, ptr %pool_field
  %words_field = getelementptr i8, ptr %call, i64 24
  %words = load ptr, ptr %words_field
  %table = getelementptr i8, ptr %call, i64 32
  %may_trap_field = getelementptr i8, ptr %program, i64 8
  %may_trap = load i32, ptr %may_trap_field
  %saved = call i64 @enter_float_mode()
  %is_checked = icmp eq i32 %may_trap, 0
  br i1 %is_checked, label %plain, label %guarded
plain:
  %plain_returned = call i64 @run_records(ptr %program, ptr %table, ptr %local_memory, ptr %pool, ptr %words,
      ptr %progress)
  br label %done
guarded:
  %guarded_returned = call i64 @run_guarded_records(ptr %program, ptr %table, ptr %local_memory, ptr %pool,
      ptr %words, ptr %progress)
  br label %done
done:
  %returned = phi i64 [ %plain_returned, %plain ], [ %guarded_returned, %guarded ]
  call void @leave_float_mode(i64 %saved)
  ret i64 %returned
}
""")


def runner_ir(triple: str) -> str:
    """IR of the whole runner.

    Args:
        triple: of the target; decides how denormals are flushed and how workers sleep.
    """
    parts = (float_mode_ir(triple), transfer_ir(), IS_INTERRUPTED_IR, dispatch_ir(triple), pool_ir(triple))
    run = _RUN.substitute(run_symbol=RUN_SYMBOL, stop=STOP, cancelled=int(StatusCode.CANCELLED))
    return "".join(parts) + run
