"""Flags of LLVM's own that are passed on to it where it compiles kernels.

Names ending in `=` take a value. `PASSED_ON` are those that `iree-compile --help` of IREE 3.13.0 lists, and
that the LLVM which compiles kernels here has; those that it lacks are in `refused.py`. IREE takes some 2500
more, and lists them with `--help-hidden`: LLVM is asked for them where nobody else knows a flag.
"""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache

_SCRIPT = (
    "import llvmlite.binding as llvm; llvm.initialize_all_targets(); llvm.initialize_all_asmprinters(); "
    "llvm.set_option('', '--help-list-hidden')"
)
_LISTED = re.compile(r"^  --?([A-Za-z][\w.-]*)([= ]<)?", re.MULTILINE)
_TIMEOUT_S = 60

PASSED_ON = """
abort-on-max-devirt-iterations-reached allow-ginsert-as-artifact amdgpu-atomic-optimizer-strategy=
amdgpu-bypass-slow-div amdgpu-disable-loop-alignment amdgpu-dpp-combine amdgpu-dump-hsa-metadata
amdgpu-enable-merge-m0 amdgpu-indirect-call-specialization-threshold= amdgpu-kernarg-preload
amdgpu-kernarg-preload-count= amdgpu-module-splitting-max-depth= amdgpu-promote-alloca-to-vector-limit=
amdgpu-promote-alloca-to-vector-max-regs= amdgpu-promote-alloca-to-vector-vgpr-ratio= amdgpu-sdwa-peephole
amdgpu-use-aa-in-codegen amdgpu-verify-hsa-metadata amdgpu-vgpr-index-mode arc-contract-use-objc-claim-rv
cfg-hide-cold-paths= cfg-hide-deoptimize-paths cfg-hide-unreachable-paths cost-kind=
ctx-profile-force-is-specialized debugify-atoms debugify-func-limit= debugify-level= debugify-quiet
devirtualize-speculatively disable-auto-upgrade-debug-info disable-i2p-p2i-opt
disable-promote-alloca-to-lds disable-promote-alloca-to-vector dot-cfg-mssa= elide-all-zero-branch-weights
emit-bb-hash emscripten-cxx-exceptions-allowed= enable-cse-in-legalizer enable-emscripten-sjlj
enable-name-compression enable-split-loopiv-heuristic enable-vtable-profile-use
enable-vtable-value-profiling expand-variadics-override= experimental-debug-variable-locations
force-tail-folding-style= fs-profile-debug-bw-threshold= fs-profile-debug-prob-diff-threshold=
generate-merged-base-profiles import-all-index internalize-public-api-file= internalize-public-api-list=
intrinsic-cost-strategy= ir2vec-arg-weight= ir2vec-kind= ir2vec-opc-weight= ir2vec-type-weight=
ir2vec-vocab-path= mir-strip-debugify-only mir2vec-common-operand-weight= mir2vec-kind=
mir2vec-opc-weight= mir2vec-reg-operand-weight= mir2vec-vocab-path= misexpect-tolerance=
ms-secure-hotpatch-functions-file= ms-secure-hotpatch-functions-list= no-discriminators
nvptx-approx-log2f32 nvptx-sched4reg object-size-offset-visitor-max-visit-instructions=
profcheck-annotate-select profcheck-default-function-entry-count= profcheck-default-select-false-weight=
profcheck-default-select-true-weight= profcheck-weights-for-test promote-alloca-vector-loop-user-weight=
propeller-infer-threshold= r600-ir-structurize safepoint-ir-verifier-print-only
sample-profile-check-record-coverage= sample-profile-check-sample-coverage=
sample-profile-max-propagate-iterations= spirv-emit-op-names spirv-ext= spv-allow-unknown-intrinsics
spv-dump-deps spv-emit-nonsemantic-debug-info summary-file= sve-tail-folding= tail-predication=
translator-compatibility-mode verify-region-info wasm-enable-sjlj wasm-use-legacy-eh
"""


@cache
def hidden_flags() -> dict[str, bool]:
    """Names of all flags of the LLVM here, and whether they take a value; it is asked in another process."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    return {match[1]: bool(match[2]) for match in _LISTED.finditer(done.stdout)}
