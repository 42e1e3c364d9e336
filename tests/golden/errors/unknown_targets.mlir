// RUN: not iree-compile --iree-hal-target-backends=cuda %s 2>&1 | filecheck %s --check-prefix=CUDA
// RUN: not iree-compile --iree-hal-target-backends=nonsense %s 2>&1 | filecheck %s --check-prefix=NONSENSE
// RUN: not iree-compile --iree-hal-target-device=gpu %s 2>&1 | filecheck %s --check-prefix=DEVICE
// RUN: not iree-compile --iree-execution-model=inline-static %s 2>&1 | filecheck %s --check-prefix=MODEL
func.func @f() {
  return
}
// CUDA: error: target backend 'cuda' does not exist in Gossamer; registered backends: [vmvx, llvm-cpu]
// CUDA: hint: use llvm-cpu, or vmvx: its code runs on every machine
// NONSENSE: error: target backend 'nonsense' not registered; registered backends: [vmvx, llvm-cpu]
// DEVICE: error: unregistered device alias "gpu" (available = [ 'local' ])
// MODEL: error: execution model 'inline-static' does not exist in Gossamer
// MODEL: hint: use async-internal or async-external
