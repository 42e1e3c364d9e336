"""LLVM IR of tiles: a kernel called for some workgroups of a dispatch, on one thread.

Defines `@run_plain_tiles` and the types of what kernels get.
"""

from __future__ import annotations

from string import Template

from gossamer.errors import StatusCode

_TILES = Template("""
; As IREE has it; after that the words through which our own kernels learn that they are to stop, and whether
; the kernel may trap.
%dispatch_state = type { i32, i32, i16, i16, i32, i32, i16, i8, i8, ptr, ptr, ptr, ptr, i32 }
%workgroup_state = type { i32, i32, i16, i16, i32, ptr, i32 }

declare { i64, i1 } @llvm.umul.with.overflow.i64(i64, i64)
declare i64 @llvm.umin.i64(i64, i64)
declare i64 @llvm.umax.i64(i64, i64)

; Runs tiles [first, last) of a grid, x fastest; 0, what the first kernel that failed returned, or CANCELLED.
define internal i32 @run_plain_tiles(ptr %function, ptr %environment, ptr %state, ptr %local, i32 %local_size,
    i32 %participant, i64 %row, i64 %plane, i64 %first, i64 %last) {
entry:
  %workgroup = alloca %workgroup_state, align 16
  %w_y = getelementptr %workgroup_state, ptr %workgroup, i64 0, i32 1
  %w_z = getelementptr %workgroup_state, ptr %workgroup, i64 0, i32 2
  %w_reserved = getelementptr %workgroup_state, ptr %workgroup, i64 0, i32 3
  store i16 0, ptr %w_reserved
  %w_processor = getelementptr %workgroup_state, ptr %workgroup, i64 0, i32 4
  store i32 %participant, ptr %w_processor
  %w_local = getelementptr %workgroup_state, ptr %workgroup, i64 0, i32 5
  store ptr %local, ptr %w_local
  %w_local_size = getelementptr %workgroup_state, ptr %workgroup, i64 0, i32 6
  store i32 %local_size, ptr %w_local_size
  %words_field = getelementptr %dispatch_state, ptr %state, i64 0, i32 12
  %words = load ptr, ptr %words_field
  %any = icmp ult i64 %first, %last
  br i1 %any, label %begin, label %done
begin:
  %z_first = udiv i64 %first, %plane
  %in_plane = urem i64 %first, %plane
  %y_first = udiv i64 %in_plane, %row
  %x_first = urem i64 %in_plane, %row
  %columns = udiv i64 %plane, %row
  br label %tile
tile:
  %index = phi i64 [ %first, %begin ], [ %index_next, %advance ]
  %x = phi i64 [ %x_first, %begin ], [ %x_new, %advance ]
  %y = phi i64 [ %y_first, %begin ], [ %y_new, %advance ]
  %z = phi i64 [ %z_first, %begin ], [ %z_new, %advance ]
  %flags = load atomic i32, ptr %words monotonic, align 4
  %is_quiet = icmp eq i32 %flags, 0
  br i1 %is_quiet, label %run, label %ask
ask:
  %stops = call i1 @is_interrupted(ptr %words)
  br i1 %stops, label %interrupted, label %run
run:
  %x32 = trunc i64 %x to i32
  store i32 %x32, ptr %workgroup
  %y32 = trunc i64 %y to i32
  store i32 %y32, ptr %w_y
  %z16 = trunc i64 %z to i16
  store i16 %z16, ptr %w_z
  %returned = call i32 %function(ptr %environment, ptr %state, ptr %workgroup)
  %failed = icmp ne i32 %returned, 0
  br i1 %failed, label %failure, label %advance
advance:
  %index_next = add nuw i64 %index, 1
  %x_next = add nuw i64 %x, 1
  %x_wraps = icmp eq i64 %x_next, %row
  %x_new = select i1 %x_wraps, i64 0, i64 %x_next
  %carry_y = zext i1 %x_wraps to i64
  %y_next = add nuw i64 %y, %carry_y
  %y_wraps = icmp eq i64 %y_next, %columns
  %y_new = select i1 %y_wraps, i64 0, i64 %y_next
  %carry_z = zext i1 %y_wraps to i64
  %z_new = add nuw i64 %z, %carry_z
  %more = icmp ult i64 %index_next, %last
  br i1 %more, label %tile, label %done
failure:
  ret i32 %returned
interrupted:
  ret i32 $cancelled
done:
  ret i32 0
}
""")


def tiles_ir() -> str:
    """IR of tiles."""
    return _TILES.substitute(cancelled=int(StatusCode.CANCELLED))
