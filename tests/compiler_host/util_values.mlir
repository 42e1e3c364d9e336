// Byte buffers, lists and texts of the host; test_util_values.py says what its functions return.
module @buf {
  util.global private mutable @kept : !util.list<?>
  func.func @words(%n: index) -> (i32, i64, i8, i1, f32, i64, i1, index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %b = util.buffer.alloc uninitialized : !util.buffer{%n}
    %p = arith.constant 305419896 : i32
    util.buffer.fill %p, %b[%c0 for %n] : i32 -> !util.buffer{%n}
    %f = arith.constant 2.5 : f32
    util.buffer.store %f, %b[%c8 for %c4] : f32 -> !util.buffer{%n}
    %0 = util.buffer.load %b[%c4 for %c4] : !util.buffer{%n} -> i32
    %1 = util.buffer.load %b[%c0 for %c8] : !util.buffer{%n} -> i64
    %2 = util.buffer.load %b[%c3 for %c1] : !util.buffer{%n} -> i8
    %s = util.buffer.slice %b[%c4] : !util.buffer{%n} -> !util.buffer{%c8}
    %3 = util.buffer.compare %b[%c4], %s[%c0], %c8 : !util.buffer{%n}, !util.buffer{%c8}
    %4 = util.buffer.load %s[%c4 for %c4] : !util.buffer{%c8} -> f32
    %h = util.buffer.constant : !util.buffer = dense<[1, 2, 3]> : tensor<3xi32>
    %c12 = util.buffer.size %h : !util.buffer
    %5 = util.buffer.hash %h[%c0 for %c12] : !util.buffer{%c12} -> i64
    util.buffer.copy %h[%c4], %b[%c0], %c4 : !util.buffer{%c12} -> !util.buffer{%n}
    %w = util.buffer.load %b[%c0 for %c4] : !util.buffer{%n} -> i32
    %two = arith.constant 2 : i32
    %6 = arith.cmpi eq, %w, %two : i32
    util.buffer.dealloc %b : !util.buffer{%n}
    return %0, %1, %2, %3, %4, %5, %6, %c12 : i32, i64, i8, i1, f32, i64, i1, index
  }
  func.func @lists(%a: i64, %b: f32, %i: index) -> (index, i64, f32, i32, i1, i1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = util.list.construct [%a : i64, %b : f32] : !util.list<?>
    util.global.store %0, @kept : !util.list<?>
    %c5 = arith.constant 5 : index
    util.list.resize %0, %i : !util.list<?>
    util.list.set %0[%c5], %0 : !util.list<?> -> !util.list<?>
    %l = util.global.load @kept : !util.list<?>
    %size = util.list.size %l : !util.list<?>
    %x = util.list.get %l[%c0] : !util.list<?> -> i64
    %y = util.list.get %l[%c1] : !util.list<?> -> f32
    %t = util.list.create %i : !util.list<i32>
    util.list.resize %t, %i : !util.list<i32>
    %c7 = arith.constant 7 : i32
    util.list.set %t[%c1], %c7 : !util.list<i32>
    %z = util.list.get %t[%c1] : !util.list<i32>
    %self = util.list.get %l[%c5] : !util.list<?> -> !util.list<?>
    %same = util.cmp.eq %self, %l : !util.list<?>
    %null = util.null : !util.list<?>
    %isnull = util.cmp.ne %null, %l : !util.list<?>
    return %size, %x, %y, %z, %same, %isnull : index, i64, f32, i32, i1, i1
  }
  func.func @text(%n: index, %m: i32) -> (i64, index) {
    %c0 = arith.constant 0 : index
    %s = util.string.itoa %m : i32 -> !util.buffer
    %k = util.string.format "{1}:{{{0}}}.{1}"(%n, %s) : (index, !util.buffer) -> !util.buffer
    %size = util.buffer.size %k : !util.buffer
    %h = util.buffer.hash %k[%c0 for %size] : !util.buffer{%size} -> i64
    return %h, %size : i64, index
  }
  func.func @sizes(%n: index) -> (index, index) {
    %c16 = arith.constant 16 : index
    %0 = util.align %n, %c16 : index
    %1 = util.sizeof i24
    return %0, %1 : index, index
  }
}
