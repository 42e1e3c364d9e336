// A module of VM functions, as text.
module {
  vm.module public @machine {
    vm.import private optional @log.write(%text : !vm.buffer, %numbers : i64 ...) -> i32
    vm.global.i32 private mutable @count : i32
    vm.global.ref private mutable @kept : !vm.list<?>
    vm.rodata private @hello "hello"
    vm.export @sum as("total")
    vm.export @count_up
    vm.export @text
    vm.export @keep attributes {iree.abi.stub}
    vm.export @has_log
    vm.export @fails
    vm.func private @sum(%n : i32) -> i32 attributes {iree.reflection = {a = "b"}} {
      %zero = vm.const.i32.zero
      %c1 = vm.const.i32 1
      vm.br ^loop(%zero, %zero : i32, i32)
    ^loop(%i : i32, %total : i32):
      %more = vm.cmp.lt.i32.s %i, %n : i32
      vm.cond_br %more, ^body, ^exit(%total : i32)
    ^body:  // pred: ^loop
      %next = vm.add.i32 %i, %c1 : i32
      %added = vm.add.i32 %total, %next : i32
      vm.br ^loop(%next, %added : i32, i32)
    ^exit(%result : i32):
      vm.return %result : i32
    }
    vm.func @count_up(%by : i32) -> i32 {
      %old = vm.global.load.i32 @count : i32
      %new = vm.add.i32 %old, %by : i32
      vm.global.store.i32 %new, @count : i32
      vm.return %new : i32
    }
    vm.func @text() -> (!vm.buffer, i64) {
      %0 = vm.const.ref.rodata @hello : !vm.buffer
      %size = vm.buffer.length %0 : !vm.buffer -> i64
      %c16 = vm.const.i32 16
      %zero = vm.const.i64.zero
      %copy = vm.buffer.clone %0, %zero, %size, %c16 : !vm.buffer -> !vm.buffer
      %j = vm.const.i32 106
      vm.buffer.store.i8 %j, %copy[%zero] : i32 -> !vm.buffer
      vm.return %copy, %size : !vm.buffer, i64
    }
    vm.func @keep(%value : i64) -> !vm.list<?> {
      %c1 = vm.const.i32 1
      %zero = vm.const.i32.zero
      %list = vm.list.alloc %c1 : (i32) -> !vm.list<?>
      vm.list.resize %list, %c1 : (!vm.list<?>, i32)
      vm.list.set.i64 %list, %zero, %value : (!vm.list<?>, i32, i64)
      vm.global.store.ref %list, @kept : !vm.list<?>
      %again = vm.global.load.ref @kept : !vm.list<?>
      vm.return %again : !vm.list<?>
    }
    vm.func @has_log() -> i32 {
      %0 = vm.import.resolved @log.write : i32
      vm.return %0 : i32
    }
    vm.func @fails(%code : i32) {
      vm.fail %code, "on purpose"
    }
  }
}
