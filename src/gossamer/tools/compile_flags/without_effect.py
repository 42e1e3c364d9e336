"""Flags of IREE's compiler that decide nothing here, by the reason; one warning names those that are given.

Results do not depend on them: those that change values are honoured, or refused (`refused.py`). Names ending
in `=` take a value. Mirrors what `iree-compile --help-hidden` of IREE 3.13.0 lists of its own and of MLIR.
"""

from __future__ import annotations

WITHOUT_EFFECT = {
    "kernels are made another way here": """
iree-codegen-llvm-verbose-debug-info iree-codegen-mmt4d-use-intrinsics iree-experimental-vscale-value=
iree-llvmcpu-check-linalg-vectorization iree-llvmcpu-debug-patch-func-ops iree-llvmcpu-debug-symbols
iree-llvmcpu-disable-arm-sme-tiling iree-llvmcpu-disable-distribution iree-llvmcpu-disable-vector-peeling
iree-llvmcpu-distribution-size= iree-llvmcpu-embedded-linker-path= iree-llvmcpu-enable-inner-tiled
iree-llvmcpu-enable-llvm-ukernels= iree-llvmcpu-enable-scalable-vectorization iree-llvmcpu-enable-ukernels=
iree-llvmcpu-enable-vector-contract-custom-kernels iree-llvmcpu-experimental-vectorize-to-transfer-gather
iree-llvmcpu-fail-on-large-vector iree-llvmcpu-fail-on-out-of-bounds-stack-allocation
iree-llvmcpu-force-arm-streaming iree-llvmcpu-keep-linker-artifacts
iree-llvmcpu-link-static iree-llvmcpu-link-ukernel-bitcode iree-llvmcpu-loop-interleaving
iree-llvmcpu-loop-unrolling iree-llvmcpu-loop-vectorization iree-llvmcpu-matmul-tile-bytes=
iree-llvmcpu-matmul-tile-undercount-whole-matrix= iree-llvmcpu-max-allowed-number-of-native-vectors=
iree-llvmcpu-mlir-opt-level= iree-llvmcpu-number-of-threads=
iree-llvmcpu-riscv-aggressive-distribution
iree-llvmcpu-slp-vectorization iree-llvmcpu-stack-allocation-assumed-vscale=
iree-llvmcpu-stack-allocation-limit= iree-llvmcpu-system-linker-path=
iree-llvmcpu-target-vector-width-in-bytes=
iree-llvmcpu-use-decompose-softmax-fuse iree-llvmcpu-use-fast-min-max-ops
iree-llvmcpu-vector-pproc-strategy= iree-llvmcpu-vscale-range= iree-llvmcpu-wasm-linker-path=
""",
    "there are no targets for GPUs": """
iree-codegen-llvmgpu-enable-outer-reduction-tile-and-fuse iree-codegen-llvmgpu-igemm-pad-convolution
iree-codegen-llvmgpu-matmul-c-matrix-threshold= iree-codegen-llvmgpu-test-tile-and-fuse-vectorize
iree-codegen-llvmgpu-use-direct-convolution iree-codegen-llvmgpu-use-igemm
iree-codegen-llvmgpu-use-reduction-vector-distribution iree-codegen-llvmgpu-use-tile-and-fuse-convolution
iree-codegen-llvmgpu-use-tile-and-fuse-matmul iree-codegen-llvmgpu-use-vector-distribution
iree-codegen-llvmgpu-vectorize-pipeline iree-cuda-target= iree-cuda-target-features= iree-cuda-use-ptxas
iree-cuda-use-ptxas-from= iree-cuda-use-ptxas-params= iree-gpu-test-target=
iree-llvmgpu-debug-patch-func-ops iree-llvmgpu-enable-shared-memory-reuse
iree-llvmgpu-enable-small-float-emulation iree-llvmgpu-prefetch-num-stages=
iree-llvmgpu-set-workgroup-distribution-along= iree-llvmgpu-shared-memory-limit=
iree-llvmgpu-test-combine-layout-transformation iree-llvmgpu-test-distribute-to-workgroups-using-forall
iree-llvmgpu-test-load-to-transpose-load iree-llvmgpu-use-direct-load iree-metal-compile-to-metallib
iree-metal-target-platform= iree-rocdl-enable-buffer-instructions iree-rocm-bc-dir=
iree-rocm-container-type= iree-rocm-denormal-fp-math-f32= iree-rocm-emit-debug-info
iree-rocm-enable-register-spill-warning iree-rocm-enable-tensor-ukernels iree-rocm-enable-ukernels=
iree-rocm-encoding-layout-resolver= iree-rocm-llvm-global-isel iree-rocm-llvm-slp-vec
iree-rocm-specialize-dispatches iree-rocm-target= iree-rocm-target-features= iree-rocm-use-spirv
iree-rocm-waves-per-eu= iree-spirv-index-bits= iree-vulkan-dispatch-abi= iree-vulkan-target=
iree-vulkan-target-features=
""",
    "this compiler decides it by itself": """
iree-codegen-add-tuner-attributes iree-codegen-block-dynamic-dimensions-of-contractions
iree-codegen-emit-pipeline-constraints iree-codegen-enable-default-tuning-specs
iree-codegen-experimental-verify-pipeline-constraints iree-codegen-linalg-max-constant-fold-elements=
iree-codegen-reorder-workgroups-strategy= iree-codegen-test-notify-transform-strategy-application
iree-config-add-tuner-attributes iree-consteval-jit-debug iree-consteval-jit-target-device=
iree-dispatch-creation-block-matmul-producer-fusion iree-dispatch-creation-data-tiling
iree-dispatch-creation-element-wise-fuse-multi-reduction iree-dispatch-creation-enable-aggressive-fusion
iree-dispatch-creation-enable-aggressive-reshape-movement iree-dispatch-creation-enable-early-trunc-fusion
iree-dispatch-creation-enable-fuse-horizontal-contractions
iree-dispatch-creation-enable-fuse-padding-into-linalg-consumer-ops
iree-dispatch-creation-enable-fuse-padding-into-linalg-producer-ops
iree-dispatch-creation-enable-split-reduction iree-dispatch-creation-experimental-multi-use-encoding-fusion
iree-dispatch-creation-experimental-set-data-tiling-ops= iree-dispatch-creation-fuse-multi-use
iree-dispatch-creation-opt-level= iree-dispatch-creation-propagate-collapse-across-expands
iree-dispatch-creation-set-encoding-strategy= iree-dispatch-creation-split-argmax-threshold=
iree-dispatch-creation-split-argmax-tile-size= iree-dispatch-creation-split-matmul-reduction=
iree-dispatch-creation-split-reduction-low-parallelism iree-dispatch-creation-topk-split-reduction=
iree-flow-enable-pad-handling iree-flow-experimental-replicate-globals-per-affinity
iree-flow-inline-constants-max-byte-length= iree-global-opt-data-tiling
iree-global-opt-enable-attention-v-transpose iree-global-opt-enable-early-materialization
iree-global-opt-enable-quantized-matmul-reassociation iree-global-opt-enable-sink-transpose-through-pad
iree-global-opt-enable-warn-on-uninitialized-values
iree-global-opt-experimental-enable-edge-reshape-propagation iree-global-opt-propagate-transposes
iree-global-opt-propagate-transposes-through-conv iree-global-opt-set-encoding-strategy=
iree-global-opt-use-im2col-for-convs iree-hal-executable-debug-level=
iree-hal-external-resources-mappable iree-hal-force-indirect-command-buffers
iree-hal-indirect-command-buffers iree-hal-link-executables iree-hal-local-host-device-backends=
iree-hal-memoization iree-opt-aggressively-propagate-transposes
iree-opt-const-eval iree-opt-const-expr-hoisting iree-opt-const-expr-max-size-increase-threshold=
iree-opt-data-tiling iree-opt-generalize-matmul iree-opt-outer-dim-concat
iree-scheduling-initialization-mode=
iree-scheduling-optimize-bindings iree-stream-affinity-solver-max-iterations=
iree-stream-annotate-input-affinities iree-stream-emulate-memset
iree-stream-experimental-transfer-to-replicate-globals iree-stream-experimental-unify-encoding-for-globals
iree-stream-partitioning-favor= iree-stream-resource-alias-mutable-bindings iree-stream-resource-index-bits=
iree-stream-resource-max-allocation-size= iree-stream-resource-max-range= iree-stream-resource-memory-model=
iree-stream-resource-min-offset-alignment= iree-torch-decompose-complex-ops
iree-torch-emit-async-entry-points iree-torch-enable-shape-refinement iree-torch-use-strict-symbolic-shapes
iree-vm-bytecode-module-strip-debug-ops iree-vm-c-module-optimize iree-vm-c-module-strip-debug-ops
iree-vm-target-optimize-for-stack-size iree-vmvx-enable-microkernels
iree-vmvx-enable-ukernels-decompose-linalg-generic
""",
    "printing and reporting have one form": """
color mlir-disable-threading
mlir-enable-debugger-hook mlir-output-format= mlir-pass-pipeline-local-reproducer
mlir-print-elementsattrs-with-hex-if-larger= mlir-print-ir-module-scope
mlir-print-op-on-diagnostic
mlir-print-stacktrace-on-diagnostic mlir-print-unique-ssa-ids mlir-print-value-users mlir-timing-display=
""",
}
