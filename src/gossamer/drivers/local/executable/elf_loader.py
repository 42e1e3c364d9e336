"""Executables of native code: the formats `embedded-elf-<arch>` and `system-elf-<arch>`.

Native code is trusted: it can do whatever this process can, unlike VM bytecode. What is checked is the file,
its architecture and its tables. The CPU features it was compiled for are not recorded in it: on a lesser CPU
it ends the process with an illegal instruction. `allow_native` refuses it altogether.
In: bytes of a format. Out: an executable. Mirrors `iree/hal/local/loaders/embedded_elf_loader.c` and
`system_library_loader.c` of IREE 3.13.0.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.errors import NotFoundError
from gossamer.format.module_def import Bytes
from gossamer.hal.executable import Executable
from gossamer.hal.native_policy import NativeCodePolicy
from gossamer.processor.host import host_architecture, host_elf_machine


class ElfLoader:
    """Makes executables of ELF libraries.

    Args:
        allow_native: which may be loaded. Formats that are refused count as supported, so that a program is
            told why it cannot run.
        use_system_loader: load embedded executables like system libraries: debuggers then see their symbols.
    """

    def __init__(
        self,
        allow_native: NativeCodePolicy = NativeCodePolicy.ALL,
        *,
        use_system_loader: bool = False,
    ) -> None:
        self._allow_native = allow_native
        self._use_system_loader = use_system_loader

    def supports_format(self, format: str) -> bool:
        """True for native formats of this process's architecture."""
        if host_elf_machine() is None:
            return False
        architecture = host_architecture()
        return format in (f"embedded-elf-{architecture}", f"system-elf-{architecture}")

    def load(self, format: str, data: Bytes, constants: Sequence[int]) -> Executable:
        """Check and load a library; see `ExecutableLoader`.

        Raises: PermissionDeniedError where the policy forbids it, FormatError on bad bytes,
            FailedPreconditionError when it is for another machine or version, and so on.
        """
        if not self.supports_format(format):
            raise NotFoundError(f"executable format '{format}' is not native code for this machine")
        # Why here: few programs bring native code, and every process would pay for its loader.
        from gossamer.drivers.local.executable.elf_image import load_image, open_image
        from gossamer.drivers.local.executable.executable_library import QUERY_SYMBOL, load_library
        from gossamer.format.fat_elf import select_elf

        is_embedded = format.startswith("embedded-")
        self._allow_native.require(f"executable format '{format}'", stands_alone=is_embedded)
        data = select_elf(data, host_elf_machine() or 0)
        if is_embedded and not self._use_system_loader:
            image = load_image(data)
        else:
            image = open_image(data, QUERY_SYMBOL)
        return load_library(image, constants, format=format)
