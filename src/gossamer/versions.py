"""Every version number that we promise: what we are, what we write, what we read and whom we work with.

Each has the day it was taken up. Who needs one imports it from here; a reader that finds another number says
both. The package's metadata and `gossamer/module.h` repeat two of them, and tests compare.

    2026-11-22  0.1.0  all of the below, as IREE 3.13.0 has it
"""

from __future__ import annotations

PACKAGE_VERSION = "0.1.0"
"""Since 2026-11-22. Ours; `gossamer.__version__`."""

IREE_VERSION = "3.13.0"
"""Since 2026-11-22. The release whose files, calling conventions and flags are ours; all below follow it."""

# What is in a `.vmfb`.

BYTECODE_VERSION = (17, 0)
"""Since 2026-11-22. Major and minor: of opcodes and of their encoding. Others of the major, up to the minor,
can be read."""

EXECUTABLE_LIBRARY_VERSION = 6
"""Since 2026-11-22. Of `iree_hal_executable_library_header_t`, which native executables give the runtime."""

FAT_ELF_VERSION = 1
"""Since 2026-11-22. Of the header before executables for several architectures."""

ZIP_VERSION = 45
"""Since 2026-11-22. What a reader of the archive must know, times ten: 4.5 has files beyond 4 GiB."""

# Modules that the runtime brings: what programs ask for as the minimum of their dependencies.

HAL_MODULE_VERSION = 7
"""Since 2026-11-22."""
HAL_INLINE_MODULE_VERSION = 0
"""Since 2026-11-22."""
HAL_LOADER_MODULE_VERSION = 1
"""Since 2026-11-22."""
IO_PARAMETERS_MODULE_VERSION = 0
"""Since 2026-11-22."""
VMVX_MODULE_VERSION = 0
"""Since 2026-11-22."""
CHECK_MODULE_VERSION = 0
"""Since 2026-11-22."""

# Modules in C.

C_ABI_VERSION = 1
"""Since 2026-11-22. `GOSSAMER_ABI_VERSION` of `gossamer/module.h`; modules built for another are refused."""

# Parameters and tensors.

IRPA_VERSION = (0, 0)
"""Since 2026-11-22. Major and minor: read and written."""
GGUF_VERSIONS = (2, 3)
"""Since 2026-11-22. Read."""
TENSOR_METADATA_VERSION = "TENSORv0"
"""Since 2026-11-22. What begins the metadata of tensors in archives: written, and read beside `PYTORCH`."""
DLPACK_VERSION = (1, 1)
"""Since 2026-11-22. Major and minor: what other libraries' tensors are asked for in."""

MLIR_BYTECODE_PROPERTIES_VERSION = 5
"""Since 2026-12-01. From it on, MLIR's bytecode says which operations have attributes in their own form."""

# What only this package reads; beside these it is of one version of the sources (see `source_version`).

CODE_IMAGE_VERSION = 1
"""Since 2026-11-22. Of compiled code kept on disk."""

STATE_FILE_VERSION = 1
"""Since 2026-12-01. Of files that `state.save` writes."""

# What tools write for other tools.

GOOGLE_BENCHMARK_VERSION = "v1.9.5"
"""Since 2026-11-22. The library whose reports `iree-benchmark-module` writes."""
GOOGLE_BENCHMARK_SCHEMA_VERSION = 1
"""Since 2026-11-22. Of those reports as JSON."""
