"""LLVM IR that leaves kernels which trap, or which are asked to stop, and goes on behind them.

Kernels of native executables come from elsewhere: they may divide by zero, read what is not mapped, or use
instructions that this processor lacks. They hold nothing that has to be given back (no locks, no memory of
the heap), so that they can be left at any instruction.

    run of a program          frame (on its stack)    key of the thread     kernel      handler of the signal
    `@mark`, returns 0 -----> registers, return
    `@resume_guard` --------------------------------> the frame
    calls ------------------------------------------------------------------> |
                                                                              x traps -> |
                                                      the frame ----------------------> is one there?
                                                      null <--------------------------- no second time
                              signal <------------------------------------------------- its number
                              registers --------------------------------------------> into the context
    `@mark`, returns 1 <------------------------------------------------------------- goes on there
    `@trap_status` <--------- signal

A run that is stopped sends STOP_SIGNAL to its threads: then the handler also asks the frame's interrupt words
whether this call is meant. Where there is no frame, and for signals that come from elsewhere, the handler
that was there before is called. While a dispatch is shared the frame is taken away, for the pool has to be
given back; each stretch of tiles then has a frame of its own.

`@run_guarded_records` returns what `@run_records` does, `@run_tiles` what `@run_plain_tiles` does; or
FAULT_STATUS and the signal's number.
Spec: System V ABI, AMD64 supplement, for the registers a call preserves; `ucontext_t` of Linux.
"""

from __future__ import annotations

from string import Template

from gossamer.errors import StatusCode
from gossamer.limits.interrupt_word import STOP

HANDLER_SYMBOL = "gossamer_hal_signal"
SET_UP_SYMBOL = "gossamer_hal_set_up_guard"

FAULT_STATUS = 0xFA170000
"""Status of tiles that trapped; the signal's number is in the low 8 bits."""

STOP_SIGNAL = 23
"""SIGURG: ignored where nobody handles it. Sent to threads whose kernels are to be left."""

PREVIOUS_BYTES = 16
"""By signal: address of the handler that was there before, and its flags."""

_ARGUMENTS = """ptr %function, ptr %environment, ptr %state, ptr %local, i32 %local_size,
    i32 %participant, i64 %row, i64 %plane, i64 %first, i64 %last"""

_RUN_ARGUMENTS = """ptr %program, ptr %table, ptr %local_memory, ptr %pool, ptr %words, ptr %progress"""

_WITHOUT = Template("""
define internal i64 @run_guarded_records($run_arguments) {
  %returned = call i64 @run_records($run_arguments)
  ret i64 %returned
}

define internal ptr @suspend_guard() {
  ret ptr null
}

define internal void @resume_guard(ptr %frame) {
  ret void
}

define internal i32 @run_tiles($arguments) {
  %returned = call i32 @run_plain_tiles($arguments)
  ret i32 %returned
}
""")

# A frame: 0 rbx, rbp, r12 to r15, 48 rsp and rip behind the call of `@mark`, 64 interrupt words, 72 signal.
# The address of a thread's frame is its value of the key.
_GUARD = Template("""
; Below 0 as long as nobody has set it up.
@guard_key = internal global i32 -1
@guard_previous = internal global ptr null

declare ptr @pthread_getspecific(i32)
declare i32 @pthread_setspecific(i32, ptr)
declare ptr @signal(i32, ptr)
declare i32 @raise(i32)

define void @$set_up(i32 %key, ptr %previous) {
  store i32 %key, ptr @guard_key
  store ptr %previous, ptr @guard_previous
  ret void
}

; Notes where the caller stands and returns 0; returns 1, from there again, when the thread is put back.
define internal i32 @mark(ptr %frame) naked noinline returns_twice {
  call void asm sideeffect "
    movq %rbx, (%rdi)
    movq %rbp, 8(%rdi)
    movq %r12, 16(%rdi)
    movq %r13, 24(%rdi)
    movq %r14, 32(%rdi)
    movq %r15, 40(%rdi)
    leaq 8(%rsp), %rax
    movq %rax, 48(%rdi)
    movq (%rsp), %rax
    movq %rax, 56(%rdi)
    xorl %eax, %eax
    retq", ""()
  unreachable
}

define internal i32 @run_tiles($arguments) {
  %guarded_field = getelementptr %dispatch_state, ptr %state, i64 0, i32 13
  %guarded = load i32, ptr %guarded_field
  %is_plain = icmp eq i32 %guarded, 0
  br i1 %is_plain, label %plain, label %guard
plain:
  %plain_returned = call i32 @run_plain_tiles($arguments)
  ret i32 %plain_returned
guard:
  %guard_returned = call i32 @run_guarded_tiles($arguments)
  ret i32 %guard_returned
}

define internal i32 @run_guarded_tiles($arguments) noinline {
entry:
  %frame = alloca [10 x i64], align 16
  %words_field = getelementptr %dispatch_state, ptr %state, i64 0, i32 12
  %words = load ptr, ptr %words_field
  %frame_words = getelementptr i8, ptr %frame, i64 64
  store ptr %words, ptr %frame_words
  %again = call i32 @mark(ptr %frame) returns_twice
  %is_back = icmp ne i32 %again, 0
  br i1 %is_back, label %back, label %begin
begin:
  call void @resume_guard(ptr %frame)
  %returned = call i32 @run_plain_tiles($arguments) noinline
  call void @resume_guard(ptr null)
  ret i32 %returned
back:
  %status = call i32 @trap_status(ptr %frame)
  ret i32 %status
}

define internal i64 @run_guarded_records($run_arguments) noinline {
entry:
  %frame = alloca [10 x i64], align 16
  %frame_words = getelementptr i8, ptr %frame, i64 64
  store ptr %words, ptr %frame_words
  %again = call i32 @mark(ptr %frame) returns_twice
  %is_back = icmp ne i32 %again, 0
  br i1 %is_back, label %back, label %begin
begin:
  call void @resume_guard(ptr %frame)
  %returned = call i64 @run_records($run_arguments) noinline
  call void @resume_guard(ptr null)
  ret i64 %returned
back:
  %status = call i32 @trap_status(ptr %frame)
  %status64 = zext i32 %status to i64
  %number = load volatile i64, ptr %progress
  %where = shl i64 %number, 32
  %result = or i64 %where, %status64
  ret i64 %result
}

define internal i32 @trap_status(ptr %frame) {
  %frame_signal = getelementptr i8, ptr %frame, i64 72
  %signal = load volatile i32, ptr %frame_signal
  %was_asked = icmp eq i32 %signal, $stop_signal
  %fault = or i32 %signal, $fault_status
  %status = select i1 %was_asked, i32 $cancelled, i32 %fault
  ret i32 %status
}

; From here on nothing is put back; returns what `@resume_guard` takes.
define internal ptr @suspend_guard() {
  %key = load i32, ptr @guard_key
  %is_on = icmp sge i32 %key, 0
  br i1 %is_on, label %on, label %off
on:
  %frame = call ptr @pthread_getspecific(i32 %key)
  %ignored = call i32 @pthread_setspecific(i32 %key, ptr null)
  ret ptr %frame
off:
  ret ptr null
}

define internal void @resume_guard(ptr %frame) {
  %key = load i32, ptr @guard_key
  %is_on = icmp sge i32 %key, 0
  br i1 %is_on, label %on, label %off
on:
  %ignored = call i32 @pthread_setspecific(i32 %key, ptr %frame)
  br label %off
off:
  ret void
}

define void @$handler(i32 %signal, ptr %information, ptr %context) {
entry:
  %key = load i32, ptr @guard_key
  %frame = call ptr @pthread_getspecific(i32 %key)
  %is_request = icmp eq i32 %signal, $stop_signal
  %is_inside = icmp ne ptr %frame, null
  br i1 %is_inside, label %inside, label %elsewhere
inside:
  br i1 %is_request, label %request, label %leave
request:
  %words_field = getelementptr i8, ptr %frame, i64 64
  %words = load ptr, ptr %words_field
  %flags = load atomic i32, ptr %words monotonic, align 4
  %stop_bit = and i32 %flags, $stop
  %stops = icmp ne i32 %stop_bit, 0
  br i1 %stops, label %leave, label %elsewhere
leave:
  %signal_field = getelementptr i8, ptr %frame, i64 72
  store volatile i32 %signal, ptr %signal_field
  %forgotten = call i32 @pthread_setspecific(i32 %key, ptr null)
$restore
  %result = getelementptr i8, ptr %context, i64 144
  store i64 1, ptr %result
  %flags_register = getelementptr i8, ptr %context, i64 176
  %old_flags = load i64, ptr %flags_register
  %forward = and i64 %old_flags, -1025
  store i64 %forward, ptr %flags_register
  ret void
elsewhere:
  %previous_table = load ptr, ptr @guard_previous
  %number = zext i32 %signal to i64
  %offset = mul i64 %number, $previous_bytes
  %previous = getelementptr i8, ptr %previous_table, i64 %offset
  %handler = load i64, ptr %previous
  %previous_flags_field = getelementptr i8, ptr %previous, i64 8
  %previous_flags = load i64, ptr %previous_flags_field
  %code_field = getelementptr i8, ptr %information, i64 8
  %code = load i32, ptr %code_field
  switch i64 %handler, label %hand_over [ i64 0, label %unhandled
                                          i64 1, label %ignored ]
hand_over:
  %handler_address = inttoptr i64 %handler to ptr
  %siginfo_bit = and i64 %previous_flags, 4
  %takes_three = icmp ne i64 %siginfo_bit, 0
  br i1 %takes_three, label %hand_three, label %hand_one
hand_three:
  call void %handler_address(i32 %signal, ptr %information, ptr %context)
  ret void
hand_one:
  call void %handler_address(i32 %signal)
  ret void
ignored:
  %was_sent = icmp sle i32 %code, 0
  br i1 %was_sent, label %done, label %unhandled
unhandled:
  br i1 %is_request, label %done, label %end_process
end_process:
  ; As if nobody had ever handled it: the signal comes again when this handler returns.
  %old = call ptr @signal(i32 %signal, ptr null)
  %raised = call i32 @raise(i32 %signal)
  ret void
done:
  ret void
}
""")

# Offset in the frame, offset in `ucontext_t`: rbx, rbp, r12 to r15, rsp, rip.
_RESTORED = ((0, 128), (8, 120), (16, 72), (24, 80), (32, 88), (40, 96), (48, 160), (56, 168))


def has_guard(triple: str) -> bool:
    """True where kernels can be left: on Linux, on x86-64."""
    return triple.startswith("x86_64-") and "linux" in triple


def guard_ir(triple: str) -> str:
    """IR of the guard, or of a stand-in that calls kernels as they are."""
    if not has_guard(triple):
        return _WITHOUT.substitute(arguments=_ARGUMENTS, run_arguments=_RUN_ARGUMENTS)
    return _GUARD.substitute(
        arguments=_ARGUMENTS,
        run_arguments=_RUN_ARGUMENTS,
        handler=HANDLER_SYMBOL,
        set_up=SET_UP_SYMBOL,
        stop_signal=STOP_SIGNAL,
        fault_status=FAULT_STATUS - (1 << 32),
        cancelled=int(StatusCode.CANCELLED),
        stop=STOP,
        previous_bytes=PREVIOUS_BYTES,
        restore="\n".join(_restore(*offsets) for offsets in _RESTORED),
    )


def _restore(frame_offset: int, context_offset: int) -> str:
    return (
        f"  %from{frame_offset} = getelementptr i8, ptr %frame, i64 {frame_offset}\n"
        f"  %saved{frame_offset} = load i64, ptr %from{frame_offset}\n"
        f"  %to{frame_offset} = getelementptr i8, ptr %context, i64 {context_offset}\n"
        f"  store i64 %saved{frame_offset}, ptr %to{frame_offset}"
    )
