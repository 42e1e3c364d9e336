"""Flags of IREE's compiler that are known here but not honoured; names ending in `=` take a value."""

from __future__ import annotations

REFUSED = {
    "writes files that this compiler does not make": """
iree-codegen-dump-tuning-specs-to= iree-flow-dump-dispatch-graph
iree-flow-dump-dispatch-graph-output-file= iree-hal-dump-executable-benchmarks-to=
iree-hal-dump-executable-binaries-to= iree-hal-dump-executable-configurations-to=
iree-hal-dump-executable-files-to= iree-hal-dump-executable-intermediates-to=
iree-hal-dump-executable-sources-to= iree-scheduling-dump-statistics-file=
iree-util-hoist-into-globals-print-constexpr-dotgraph-to= iree-vm-bytecode-source-listing=
mlir-pass-pipeline-crash-reproducer= mlir-print-ir-tree-dir=
""",
    "contents of parameter archives are not compiled into or out of modules here": """
iree-parameter-encoder-mode= iree-parameter-encoder-output-file= iree-parameter-encoder-output-scope=
iree-parameter-export= iree-parameter-export-minimum-size= iree-parameter-import=
iree-parameter-import-keys= iree-parameter-import-maximum-size=
""",
    "executables are not replaced by files here": """
iree-hal-executable-object-search-path= iree-hal-preprocess-executables-with=
iree-hal-substitute-executable-configuration= iree-hal-substitute-executable-configurations-from=
iree-hal-substitute-executable-object= iree-hal-substitute-executable-objects-from=
iree-hal-substitute-executable-source= iree-hal-substitute-executable-sources-from= iree-link-bitcode=
""",
    "plugins are libraries for IREE's own compiler": """
iree-list-plugins iree-load-plugin= iree-plugin= iree-print-plugin-info
""",
    "only whole programs are compiled here": """
compile-mode= iree-flow-export-benchmark-funcs split-input-file
""",
    "dispatches are not instrumented here": """
iree-flow-break-dispatch= iree-flow-trace-dispatch= iree-flow-trace-dispatch-tensors
iree-hal-benchmark-dispatch-repeat-count= iree-hal-instrument-dispatches=
""",
    "transform and PDL specs are not applied here": """
iree-codegen-transform-dialect-library= iree-codegen-tuning-spec-path=
iree-preprocessing-pdl-spec-filename= iree-preprocessing-transform-spec-filename=
""",
    "bindings for TFLite are not made here": """
iree-tflite-bindings-support
""",
    "modules are for VMs with 64-bit index, f32 and f64": """
iree-vm-target-index-bits= iree-vm-target-truncate-unsupported-floats
""",
}
"""Flags that change what a compilation yields, by the reason why they cannot be honoured."""

WITHOUT_EFFECT = """
color emit-mlir-bytecode-version= iree-codegen-add-tuner-attributes
iree-codegen-debug-patched-func-ops-file-name= iree-codegen-emit-pipeline-constraints
iree-codegen-enable-default-tuning-specs iree-codegen-experimental-verify-pipeline-constraints
iree-codegen-linalg-max-constant-fold-elements= iree-codegen-llvm-verbose-debug-info
iree-codegen-llvmgpu-enable-outer-reduction-tile-and-fuse iree-codegen-llvmgpu-igemm-pad-convolution
iree-codegen-llvmgpu-matmul-c-matrix-threshold= iree-codegen-llvmgpu-test-tile-and-fuse-vectorize
iree-codegen-llvmgpu-use-direct-convolution iree-codegen-llvmgpu-use-igemm
iree-codegen-llvmgpu-use-reduction-vector-distribution
iree-codegen-llvmgpu-use-tile-and-fuse-convolution iree-codegen-llvmgpu-use-tile-and-fuse-matmul
iree-codegen-llvmgpu-use-vector-distribution iree-codegen-llvmgpu-vectorize-pipeline
iree-codegen-mmt4d-use-intrinsics iree-codegen-reorder-workgroups-strategy= iree-consteval-jit-debug
iree-consteval-jit-target-device= iree-cuda-target= iree-cuda-target-features= iree-cuda-use-ptxas
iree-cuda-use-ptxas-from= iree-cuda-use-ptxas-params= iree-dispatch-creation-data-tiling
iree-dispatch-creation-element-wise-fuse-multi-reduction iree-dispatch-creation-enable-aggressive-fusion
iree-dispatch-creation-enable-aggressive-reshape-movement
iree-dispatch-creation-enable-early-trunc-fusion
iree-dispatch-creation-enable-fuse-horizontal-contractions
iree-dispatch-creation-enable-fuse-padding-into-linalg-consumer-ops
iree-dispatch-creation-enable-fuse-padding-into-linalg-producer-ops
iree-dispatch-creation-enable-split-reduction
iree-dispatch-creation-experimental-multi-use-encoding-fusion
iree-dispatch-creation-experimental-set-data-tiling-ops= iree-dispatch-creation-fuse-multi-use
iree-dispatch-creation-opt-level= iree-dispatch-creation-propagate-collapse-across-expands
iree-dispatch-creation-set-encoding-strategy= iree-dispatch-creation-split-argmax-threshold=
iree-dispatch-creation-split-argmax-tile-size= iree-dispatch-creation-split-matmul-reduction=
iree-dispatch-creation-split-reduction-low-parallelism iree-dispatch-creation-topk-split-reduction=
iree-flow-enable-pad-handling iree-flow-experimental-replicate-globals-per-affinity
iree-flow-inline-constants-max-byte-length= iree-flow-zero-fill-empty-tensors
iree-global-opt-data-tiling iree-global-opt-demote-contraction-inputs-operations=
iree-global-opt-demote-contraction-inputs-type= iree-global-opt-enable-attention-v-transpose
iree-global-opt-enable-early-materialization iree-global-opt-enable-qdq-to-integer-math
iree-global-opt-enable-quantized-matmul-reassociation iree-global-opt-enable-sink-transpose-through-pad
iree-global-opt-enable-warn-on-uninitialized-values
iree-global-opt-experimental-enable-edge-reshape-propagation iree-global-opt-propagate-transposes
iree-global-opt-propagate-transposes-through-conv iree-global-opt-set-encoding-strategy=
iree-global-opt-use-im2col-for-convs iree-global-optimization-opt-level= iree-gpu-test-target=
iree-hal-default-device= iree-hal-executable-debug-level= iree-hal-external-resources-mappable
iree-hal-force-indirect-command-buffers iree-hal-indirect-command-buffers iree-hal-link-executables
iree-hal-local-host-device-backends= iree-hal-memoization
iree-linalgext-attention-softmax-max= iree-llvmcpu-debug-symbols iree-llvmcpu-disable-arm-sme-tiling
iree-llvmcpu-disable-distribution iree-llvmcpu-disable-vector-peeling iree-llvmcpu-distribution-size=
iree-llvmcpu-embedded-linker-path= iree-llvmcpu-enable-inner-tiled iree-llvmcpu-enable-llvm-ukernels=
iree-llvmcpu-enable-scalable-vectorization iree-llvmcpu-enable-ukernels=
iree-llvmcpu-experimental-vectorize-to-transfer-gather
iree-llvmcpu-fail-on-out-of-bounds-stack-allocation iree-llvmcpu-instrument-memory-accesses
iree-llvmcpu-keep-linker-artifacts iree-llvmcpu-link-embedded iree-llvmcpu-link-static
iree-llvmcpu-link-ukernel-bitcode iree-llvmcpu-loop-interleaving
iree-llvmcpu-loop-unrolling iree-llvmcpu-loop-vectorization iree-llvmcpu-matmul-tile-bytes=
iree-llvmcpu-matmul-tile-undercount-whole-matrix= iree-llvmcpu-max-allowed-number-of-native-vectors=
iree-llvmcpu-mlir-opt-level= iree-llvmcpu-number-of-threads= iree-llvmcpu-reassociate-fp-reductions
iree-llvmcpu-riscv-aggressive-distribution iree-llvmcpu-sanitize=
iree-llvmcpu-skip-intermediate-roundings iree-llvmcpu-slp-vectorization
iree-llvmcpu-stack-allocation-assumed-vscale= iree-llvmcpu-stack-allocation-limit=
iree-llvmcpu-static-library-output-path= iree-llvmcpu-system-linker-path= iree-llvmcpu-target-abi=
iree-llvmcpu-target-cpu= iree-llvmcpu-target-cpu-features= iree-llvmcpu-target-data-layout=
iree-llvmcpu-target-float-abi= iree-llvmcpu-target-triple= iree-llvmcpu-target-vector-width-in-bytes=
iree-llvmcpu-use-decompose-softmax-fuse iree-llvmcpu-use-fast-min-max-ops
iree-llvmcpu-vector-pproc-strategy= iree-llvmcpu-vscale-range= iree-llvmcpu-wasm-linker-path=
iree-llvmgpu-enable-shared-memory-reuse iree-llvmgpu-enable-small-float-emulation
iree-llvmgpu-prefetch-num-stages= iree-llvmgpu-set-workgroup-distribution-along=
iree-llvmgpu-shared-memory-limit= iree-metal-compile-to-metallib iree-metal-target-platform=
iree-native-bindings-support iree-opt-aggressively-propagate-transposes iree-opt-const-eval
iree-opt-const-expr-hoisting iree-opt-const-expr-max-size-increase-threshold= iree-opt-data-tiling
iree-opt-generalize-matmul iree-opt-numeric-precision-reduction iree-opt-outer-dim-concat
iree-rocdl-enable-buffer-instructions iree-rocm-bc-dir= iree-rocm-container-type=
iree-rocm-denormal-fp-math-f32= iree-rocm-emit-debug-info iree-rocm-enable-register-spill-warning
iree-rocm-enable-tensor-ukernels iree-rocm-enable-ukernels= iree-rocm-encoding-layout-resolver=
iree-rocm-llvm-global-isel iree-rocm-llvm-slp-vec iree-rocm-specialize-dispatches iree-rocm-target=
iree-rocm-target-features= iree-rocm-use-spirv iree-rocm-waves-per-eu=
iree-scheduling-dump-statistics-format= iree-scheduling-initialization-mode=
iree-scheduling-optimize-bindings iree-spirv-index-bits= iree-stream-affinity-solver-max-iterations=
iree-stream-annotate-input-affinities iree-stream-emulate-memset
iree-stream-experimental-transfer-to-replicate-globals
iree-stream-experimental-unify-encoding-for-globals iree-stream-partitioning-favor=
iree-stream-resource-alias-mutable-bindings iree-stream-resource-index-bits=
iree-stream-resource-max-allocation-size= iree-stream-resource-max-range=
iree-stream-resource-memory-model= iree-stream-resource-min-offset-alignment=
iree-torch-decompose-complex-ops iree-torch-emit-async-entry-points iree-torch-enable-shape-refinement
iree-torch-externalize-transients iree-torch-use-strict-symbolic-shapes iree-util-zero-fill-elided-attrs
iree-vm-bytecode-module-output-format= iree-vm-bytecode-module-strip-debug-ops iree-vm-c-module-optimize
iree-vm-c-module-output-format= iree-vm-c-module-strip-debug-ops iree-vm-target-extension-f32
iree-vm-target-extension-f64 iree-vm-target-optimize-for-stack-size iree-vmvx-enable-microkernels
iree-vmvx-enable-ukernels-decompose-linalg-generic iree-vmvx-skip-intermediate-roundings
iree-vulkan-dispatch-abi= iree-vulkan-target= iree-vulkan-target-features= mlir-disable-threading
mlir-elide-elementsattrs-if-larger= mlir-elide-resource-strings-if-larger= mlir-enable-debugger-hook
mlir-output-format= mlir-pass-pipeline-local-reproducer mlir-pass-statistics
mlir-pass-statistics-display= mlir-pretty-debuginfo mlir-print-debuginfo
mlir-print-elementsattrs-with-hex-if-larger= mlir-print-ir-before-all mlir-print-ir-module-scope
mlir-print-local-scope mlir-print-op-on-diagnostic mlir-print-skip-regions
mlir-print-stacktrace-on-diagnostic mlir-print-unique-ssa-ids mlir-print-value-users
mlir-timing-display= mlir-use-nameloc-as-prefix
"""
"""Flags that tune backends that are not used, or how IREE works inside: results do not depend on them."""
