"""LLVM IR with which native code asks, through the words of a scope of calls, whether to go on.

Code reads the flags itself, which are 0 but for calls that are stopped, count their steps or let handlers of
signals run, and calls `@is_interrupted` only where they are not.
"""

from __future__ import annotations

from gossamer.limits.interrupt_word import ASK, ASK_OFFSET, COUNT_STEPS, STEPS_OFFSET, STOP

IS_INTERRUPTED = "is_interrupted"

IS_INTERRUPTED_IR = f"""
; Accounts for a step; true where the caller has to return status CANCELLED.
define internal i1 @{IS_INTERRUPTED}(ptr %words) noinline cold nounwind {{
  %flags = load atomic i32, ptr %words monotonic, align 4
  %stop_bit = and i32 %flags, {STOP}
  %is_stopped = icmp ne i32 %stop_bit, 0
  br i1 %is_stopped, label %stop, label %look
look:
  %ask_bit = and i32 %flags, {ASK}
  %asks = icmp ne i32 %ask_bit, 0
  br i1 %asks, label %ask, label %account
ask:
  %ask_field = getelementptr i8, ptr %words, i64 {ASK_OFFSET}
  %function = load ptr, ptr %ask_field
  %answer = call i32 %function(ptr %words)
  %is_answered = icmp ne i32 %answer, 0
  br i1 %is_answered, label %stop, label %account
account:
  %count_bit = and i32 %flags, {COUNT_STEPS}
  %counts = icmp ne i32 %count_bit, 0
  br i1 %counts, label %count, label %go_on
count:
  %steps = getelementptr i8, ptr %words, i64 {STEPS_OFFSET}
  %left = atomicrmw sub ptr %steps, i64 1 monotonic
  %is_spent = icmp slt i64 %left, 1
  ret i1 %is_spent
go_on:
  ret i1 false
stop:
  ret i1 true
}}
"""
