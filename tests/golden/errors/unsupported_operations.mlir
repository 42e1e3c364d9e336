// RUN: not iree-compile --iree-hal-target-backends=vmvx %s 2>&1 | filecheck %s
// One diagnostic for each operation that nothing later can compile, at its first use.
func.func @f(%a: memref<4xf32>, %i: index) -> f32 {
  %0 = memref.load %a[%i] : memref<4xf32>
  %1 = memref.load %a[%i] : memref<4xf32>
  "other.thing"() : () -> ()
  %2 = arith.addf %0, %1 : f32
  return %2 : f32
}
// CHECK: unsupported_operations.mlir:4:8: error: 'memref.load' is not supported as input (and 1 more)
// CHECK-NEXT:    4 |   %0 = memref.load %a[%i] : memref<4xf32>
// CHECK-NEXT:      |        ^
// CHECK-NEXT:   in: phase input
// CHECK-NEXT:   hint: write it with linalg, tensor, arith, math and scf operations
// CHECK-NEXT: unsupported_operations.mlir:6:3: error: 'other.thing' is not supported as input
