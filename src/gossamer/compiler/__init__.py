"""The compiler: MLIR in, `.vmfb` out.

In: MLIR text or bytecode. Out: the bytes of a module. `pipeline` is the only file that knows the order of
phases: `input`, `abi`, `flow`, `codegen` (dispatch bodies) and `stream` (host program), `vm`.
Mirrors `iree/compiler/Pipelines/Pipelines.cpp`.
"""
