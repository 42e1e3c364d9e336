"""What processor a module's native kernels are for, as far as the module tells.

The executables themselves do not say. But IREE's compiler puts the target it compiled for into the text of an
error of its initialiser: that the device was not found. Modules without that text are let through;
an instruction that the processor lacks is then an error of the call that meets it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gossamer.errors import IncompatibleError
from gossamer.processor.cpu_features import lacking_features
from gossamer.vm.bytecode.module import BytecodeModule

_TARGET = re.compile(
    rb'#hal\.executable\.target<"llvm-cpu", "(?:embedded|system)-elf-x86_64", '
    rb'\{(?:cpu = "([^"]*)", )?cpu_features = "([^"]*)"'
)
_REQUIRED = re.compile(r"\+([^,]*)")


def require_processor(module: BytecodeModule) -> None:
    """Refuse a module where this machine's processor serves none of the targets it is compiled for.

    Raises: IncompatibleError naming what is lacking.
    """
    refusal: IncompatibleError | None = None
    for target in _TARGET.finditer(module.definition.bytecode_data):
        missing = lacking_features(_required(target[2]))
        if not missing:
            return
        cpu = target[1].decode() if target[1] else "generic"
        refusal = refusal or IncompatibleError(
            f"kernels of module '{module.name}' are for the processor '{cpu}' with {', '.join(missing)}, "
            "which this machine's lacks; compile the module for this machine, or for any x86-64 processor"
        )
    if refusal is not None:
        raise refusal


@lru_cache(maxsize=64)
def _required(features: bytes) -> list[str]:
    return _REQUIRED.findall(features.decode())
