"""LLVM IR of fills and copies, and of how references become addresses (see `record_layout`).

Defines `@resolve_address`, `@resolve_length`, `@run_fill` and `@run_copy`.
"""

from __future__ import annotations

from string import Template

_TRANSFER = Template("""
%reference = type { i64, i64, i64 }
%slot = type { i64, i64 }

declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

; Where a reference of a record points, as an address.
define internal i64 @resolve_address(ptr %table, ptr %record, ptr %ref) alwaysinline {
  %slot = load i64, ptr %ref
  %address_field = getelementptr %reference, ptr %ref, i64 0, i32 1
  %address = load i64, ptr %address_field
  switch i64 %slot, label %indirect [ i64 -1, label %direct
                                      i64 -2, label %inside ]
direct:
  ret i64 %address
inside:
  %record_address = ptrtoint ptr %record to i64
  %inside_address = add i64 %record_address, %address
  ret i64 %inside_address
indirect:
  %base_field = getelementptr %slot, ptr %table, i64 %slot, i32 0
  %base = load i64, ptr %base_field
  %sum = add i64 %base, %address
  ret i64 %sum
}

; How many bytes a reference covers.
define internal i64 @resolve_length(ptr %table, ptr %ref) alwaysinline {
  %length_field = getelementptr %reference, ptr %ref, i64 0, i32 2
  %length = load i64, ptr %length_field
  %whole = icmp eq i64 %length, -1
  br i1 %whole, label %rest, label %given
given:
  ret i64 %length
rest:
  %slot = load i64, ptr %ref
  %offset_field = getelementptr %reference, ptr %ref, i64 0, i32 1
  %offset = load i64, ptr %offset_field
  %available_field = getelementptr %slot, ptr %table, i64 %slot, i32 1
  %available = load i64, ptr %available_field
  %remaining = sub i64 %available, %offset
  ret i64 %remaining
}

define internal void @run_fill(ptr %table, ptr %record) {
  %width_field = getelementptr i8, ptr %record, i64 40
  %width = load i32, ptr %width_field
  %pattern_field = getelementptr i8, ptr %record, i64 8
  %pattern = load i64, ptr %pattern_field
  %ref = getelementptr i8, ptr %record, i64 16
  %address = call i64 @resolve_address(ptr %table, ptr %record, ptr %ref)
  %length = call i64 @resolve_length(ptr %table, ptr %ref)
  %target = inttoptr i64 %address to ptr
  switch i32 %width, label %bytes [ i32 2, label %wide2
                                    i32 4, label %wide4
                                    i32 8, label %wide8 ]
bytes:
  %pattern8 = trunc i64 %pattern to i8
  call void @llvm.memset.p0.i64(ptr %target, i8 %pattern8, i64 %length, i1 false)
  ret void
$fill_loops
}

define internal void @run_copy(ptr %table, ptr %record) {
  %source_ref = getelementptr i8, ptr %record, i64 8
  %target_ref = getelementptr i8, ptr %record, i64 32
  %source_address = call i64 @resolve_address(ptr %table, ptr %record, ptr %source_ref)
  %target_address = call i64 @resolve_address(ptr %table, ptr %record, ptr %target_ref)
  %length = call i64 @resolve_length(ptr %table, ptr %target_ref)
  %source = inttoptr i64 %source_address to ptr
  %target = inttoptr i64 %target_address to ptr
  call void @llvm.memmove.p0.p0.i64(ptr %target, ptr %source, i64 %length, i1 false)
  ret void
}
""")

_FILL_LOOP = Template("""
wide$width:
  %count$width = lshr i64 %length, $shift
  %has$width = icmp ne i64 %count$width, 0
  %pattern_of_$width = $narrow
  br i1 %has$width, label %loop$width, label %done$width
loop$width:
  %i$width = phi i64 [ 0, %wide$width ], [ %next$width, %loop$width ]
  %cell$width = getelementptr $type, ptr %target, i64 %i$width
  store $type %pattern_of_$width, ptr %cell$width, align 1
  %next$width = add nuw i64 %i$width, 1
  %more$width = icmp ult i64 %next$width, %count$width
  br i1 %more$width, label %loop$width, label %done$width
done$width:
  ret void
""")


def transfer_ir() -> str:
    """IR for any target."""
    loops = [
        _FILL_LOOP.substitute(
            width=width,
            shift=width.bit_length() - 1,
            type=f"i{8 * width}",
            narrow="add i64 %pattern, 0" if width == 8 else f"trunc i64 %pattern to i{8 * width}",
        )
        for width in (2, 4, 8)
    ]
    return _TRANSFER.substitute(fill_loops="".join(loops))
