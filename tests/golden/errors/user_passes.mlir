// RUN: not iree-compile --iree-preprocessing-pass-pipeline=nonsense %s 2>&1 | filecheck %s
func.func @f() {
  return
}
// CHECK: error: in pass pipeline 'nonsense': 'nonsense' does not refer to a registered pass or pass pipeline
// CHECK-NEXT:   in: phase preprocessing
