"""LLVM IR that depends on the processor: how denormals are flushed to zero, and how a spinning thread rests.

Defines `@enter_float_mode() -> i64`, which returns the caller's mode, `@leave_float_mode(i64)`, `@pause()`.
Unknown processors keep denormals.
"""

from __future__ import annotations

# x86-64: MXCSR bits 15 (flush to zero) and 6 (denormals are zero). aarch64: FPCR bits 24 (FZ) and 19 (FZ16).
_FLOAT_MODE_X86_64 = """
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
declare void @llvm.x86.sse2.pause()

define internal void @pause() alwaysinline {
  call void @llvm.x86.sse2.pause()
  ret void
}

define internal i64 @enter_float_mode() alwaysinline {
  %cell = alloca i32
  call void @llvm.x86.sse.stmxcsr(ptr %cell)
  %saved = load i32, ptr %cell
  %flushing = or i32 %saved, 32832
  store i32 %flushing, ptr %cell
  call void @llvm.x86.sse.ldmxcsr(ptr %cell)
  %result = zext i32 %saved to i64
  ret i64 %result
}

define internal void @leave_float_mode(i64 %saved) alwaysinline {
  %cell = alloca i32
  %mode = trunc i64 %saved to i32
  store i32 %mode, ptr %cell
  call void @llvm.x86.sse.ldmxcsr(ptr %cell)
  ret void
}
"""

_FLOAT_MODE_AARCH64 = """
declare i64 @llvm.aarch64.get.fpcr()
declare void @llvm.aarch64.set.fpcr(i64)
declare void @llvm.aarch64.hint(i32)

define internal void @pause() alwaysinline {
  call void @llvm.aarch64.hint(i32 1)
  ret void
}

define internal i64 @enter_float_mode() alwaysinline {
  %saved = call i64 @llvm.aarch64.get.fpcr()
  %flushing = or i64 %saved, 17301504
  call void @llvm.aarch64.set.fpcr(i64 %flushing)
  ret i64 %saved
}

define internal void @leave_float_mode(i64 %saved) alwaysinline {
  call void @llvm.aarch64.set.fpcr(i64 %saved)
  ret void
}
"""

_FLOAT_MODE_OTHER = """
define internal void @pause() alwaysinline {
  ret void
}

define internal i64 @enter_float_mode() alwaysinline {
  ret i64 0
}

define internal void @leave_float_mode(i64 %saved) alwaysinline {
  ret void
}
"""

_BY_ARCHITECTURE = {
    "x86_64": _FLOAT_MODE_X86_64,
    "aarch64": _FLOAT_MODE_AARCH64,
    "arm64": _FLOAT_MODE_AARCH64,
}


def float_mode_ir(triple: str) -> str:
    """IR for a target triple."""
    return _BY_ARCHITECTURE.get(triple.partition("-")[0], _FLOAT_MODE_OTHER)
