"""Flags of IREE's compiler that ask for what this one does not do, by the reason.

`name` is a switch that is off by default, `+name` one that is on; `name=` takes a value, and `name=value`
says which value asks for nothing else than what is done anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefusedFlag:
    """A flag that is refused unless it is given its default.

    Attributes:
        default: what may be given; None where any value is refused.
    """

    name: str
    reason: str
    is_switch: bool
    default: object


def refused_flags() -> Iterator[RefusedFlag]:
    """All of them."""
    for reason, names in _REFUSED.items():
        for text in names.split():
            name, is_valued, default = text.lstrip("+").partition("=")
            if is_valued:
                yield RefusedFlag(name, reason, False, default or None)
            else:
                yield RefusedFlag(name, reason, True, text.startswith("+"))


_REFUSED = {
    "it writes files that this compiler does not make": """
iree-codegen-dump-tuning-specs-to= iree-llvmcpu-static-library-output-path=
iree-util-hoist-into-globals-print-constexpr-dotgraph-to=
iree-vm-bytecode-source-listing= mlir-pass-pipeline-crash-reproducer=
""",
    "output has one form here: see --output-format and --compile-to": """
emit-mlir-bytecode-version= iree-vm-c-module-output-format=code
""",
    "parameters are not computed anew when a program is compiled, so that there is no encoder": """
iree-parameter-encoder-mode= iree-parameter-encoder-output-file= iree-parameter-encoder-output-scope=
""",
    "it changes values, and no such rewriting is done here": """
iree-flow-zero-fill-empty-tensors iree-global-opt-demote-contraction-inputs-operations=none
iree-global-opt-demote-contraction-inputs-type= iree-global-opt-enable-qdq-to-integer-math
iree-linalgext-attention-softmax-max= iree-opt-numeric-precision-reduction
""",
    "it adds an argument to functions, which is not done here": """
iree-torch-externalize-transients
""",
    "executables are not replaced by files here": """
iree-codegen-debug-patched-func-ops-file-name= iree-hal-executable-object-search-path=
iree-hal-preprocess-executables-with= iree-hal-substitute-executable-configuration=
iree-hal-substitute-executable-configurations-from= iree-hal-substitute-executable-object=
iree-hal-substitute-executable-objects-from= iree-hal-substitute-executable-source=
iree-hal-substitute-executable-sources-from= iree-link-bitcode=
""",
    "plugins are libraries for IREE's own compiler": """
iree-list-plugins iree-load-plugin= iree-plugin= iree-print-plugin-info
""",
    "kernels follow the ABI of their architecture, and functions that of IREE": """
iree-llvmcpu-target-abi= iree-llvmcpu-target-data-layout= iree-llvmcpu-target-float-abi=default
+iree-native-bindings-support
""",
    "dispatches are not instrumented here": """
iree-llvmcpu-sanitize=
iree-flow-break-dispatch=
iree-hal-benchmark-dispatch-repeat-count=1 iree-hal-instrument-dispatches=
iree-llvmcpu-instrument-memory-accesses
""",
    "transform and PDL specs are not applied here": """
iree-codegen-transform-dialect-library= iree-codegen-tuning-spec-path=
iree-preprocessing-pdl-spec-filename= iree-preprocessing-transform-spec-filename=
""",
    "bindings for TFLite are not made here": """
iree-tflite-bindings-support
""",
    "modules are for VMs with 64-bit index, f32 and f64": """
iree-vm-target-index-bits=64 iree-vm-target-truncate-unsupported-floats +iree-vm-target-extension-f32
+iree-vm-target-extension-f64
""",
    "the LLVM that compiles kernels here has no such flag": """
arm-add-build-attributes arm-implicit-it= compress-srci= enable-cse-in-ir-translator
instrumentor-read-config-files= instrumentor-read-config-paths-file= instrumentor-write-config-file= load=
log-actions-to= log-mlir-actions-filter= lto-embed-bitcode= mir2vec-print-all-vocab-entries mlgo-model=
profile-actions-to= regalloc-mlgo-model= remarks-filter= remarks-output-file= spirv-fp-contract=
thinlto-assume-merged
""",
}
