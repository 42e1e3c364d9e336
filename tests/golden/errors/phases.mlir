// RUN: not iree-compile --compile-to=dispatch-creation %s 2>&1 | filecheck %s --check-prefix=TO
// RUN: not iree-compile --compile-from=flow %s 2>&1 | filecheck %s --check-prefix=FROM
func.func @f() {
  return
}
// TO: error: Gossamer has no phase 'dispatch-creation' of its own
// TO: hint: what it does is part of 'flow': use --compile-to=flow
// FROM: error: compilation cannot resume from phase 'flow'
// FROM: hint: use one of start, input, abi, preprocessing: later phases do not work on MLIR alone
