"""LLVM IR that measures what workgroups take.

Defines `@now() -> i64` and `@record_time(cell, elapsed, tiles)`; a cell is a u32 of nanoseconds, 0 before
anything is known.
"""

TIME_IR = """
declare i32 @clock_gettime(i32, ptr)

; Nanoseconds of a clock that only goes forward.
define internal i64 @now() {
  %time = alloca { i64, i64 }
  %ignored = call i32 @clock_gettime(i32 1, ptr %time)
  %seconds = load i64, ptr %time
  %nanoseconds_field = getelementptr { i64, i64 }, ptr %time, i64 0, i32 1
  %nanoseconds = load i64, ptr %nanoseconds_field
  %scaled = mul i64 %seconds, 1000000000
  %sum = add i64 %scaled, %nanoseconds
  ret i64 %sum
}

; Keeps what a tile takes, in nanoseconds: the least there was, but more where it keeps taking more.
define internal void @record_time(ptr %time, i64 %elapsed, i64 %tiles) {
  %divisor = call i64 @llvm.umax.i64(i64 %tiles, i64 1)
  %quotient = udiv i64 %elapsed, %divisor
  %positive = call i64 @llvm.umax.i64(i64 %quotient, i64 1)
  %measured = call i64 @llvm.umin.i64(i64 %positive, i64 4294967295)
  %old32 = load atomic i32, ptr %time monotonic, align 4
  %old = zext i32 %old32 to i64
  %is_new = icmp eq i64 %old, 0
  %is_less = icmp ult i64 %measured, %old
  %is_least = or i1 %is_new, %is_less
  %excess = sub i64 %measured, %old
  %eighth = lshr i64 %excess, 3
  %risen = add i64 %old, %eighth
  %kept = select i1 %is_least, i64 %measured, i64 %risen
  %kept32 = trunc i64 %kept to i32
  store atomic i32 %kept32, ptr %time monotonic, align 4
  ret void
}
"""
