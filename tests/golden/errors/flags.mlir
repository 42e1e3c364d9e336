// RUN: not iree-compile --iree-hal-target-devic=local %s 2>&1 | filecheck %s --check-prefix=TYPO
// RUN: not iree-compile --compile-to=zzz %s 2>&1 | filecheck %s --check-prefix=CHOICE
// RUN: not iree-compile %s --iree-hal-target-device 2>&1 | filecheck %s --check-prefix=VALUE
// RUN: not iree-compile --verify=maybe %s 2>&1 | filecheck %s --check-prefix=BOOLEAN
// RUN: not iree-compile --iree-opt-level=O9 %s 2>&1 | filecheck %s --check-prefix=LEVEL
// RUN: not iree-compile --iree-input-type=foo %s 2>&1 | filecheck %s --check-prefix=INPUT
// RUN: not iree-compile --iree-parameter-encoder-mode=overlay %s 2>&1 | filecheck %s --check-prefix=REFUSED
// RUN: not iree-compile %s second.mlir 2>&1 | filecheck %s --check-prefix=MANY
// RUN: not iree-compile nowhere.mlir 2>&1 | filecheck %s --check-prefix=FILE
// RUN: not iree-compile %s -o nowhere/out.vmfb 2>&1 | filecheck %s --check-prefix=OUTPUT
func.func @f() {
  return
}
// TYPO: iree-compile: Unknown command line argument '--iree-hal-target-devic=local'.  Try: '--help'
// TYPO-NEXT: iree-compile: Did you mean '--iree-hal-target-device=local'?
// CHOICE: iree-compile: for the --compile-to option: Cannot find option named 'zzz'!
// VALUE: iree-compile: for the --iree-hal-target-device option: requires a value!
// BOOLEAN: iree-compile: for the --verify option: 'maybe' is invalid value for boolean argument! Try 0 or 1
// LEVEL: iree-compile: for the --iree-opt-level option: 'O9' value not a valid optimization level, use O0/O1/O2/O3
// INPUT: error: unknown value for --iree-input-type='foo' (available: 'auto' 'none'
// REFUSED: iree-compile: --iree-parameter-encoder-mode is not supported: parameters are not computed anew
// MANY: iree-compile: Too many positional arguments specified!
// FILE: error opening input file: cannot open input file 'nowhere.mlir': No such file or directory
// OUTPUT: cannot open output file 'nowhere/out.vmfb': No such file or directory
