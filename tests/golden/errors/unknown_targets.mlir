// RUN: not iree-compile --iree-hal-target-backends=llvm-cpu %s 2>&1 | filecheck %s --check-prefix=LLVM
// RUN: not iree-compile --iree-hal-target-backends=nonsense %s 2>&1 | filecheck %s --check-prefix=NONSENSE
// RUN: not iree-compile --iree-hal-target-device=gpu %s 2>&1 | filecheck %s --check-prefix=DEVICE
// RUN: not iree-compile --iree-execution-model=inline-static %s 2>&1 | filecheck %s --check-prefix=MODEL
func.func @f() {
  return
}
// LLVM: error: target backend 'llvm-cpu' does not exist in Gossamer; registered backends: [vmvx]
// LLVM: hint: use vmvx: its code runs on every machine
// NONSENSE: error: target backend 'nonsense' not registered; registered backends: [vmvx]
// DEVICE: error: unregistered device alias "gpu" (available = [ 'local' ])
// MODEL: error: execution model 'inline-static' does not exist in Gossamer
// MODEL: hint: use async-internal or async-external
