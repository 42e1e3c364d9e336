"""From a file to a module in C.

In: a location. Out: a module.
What a file is for is looked at before the system's loader gets it, since that runs the file's constructors.
"""

from __future__ import annotations

import os

from gossamer.errors import (
    FailedPreconditionError,
    FormatError,
    NotFoundError,
    StatusError,
    VersionMismatchError,
)
from gossamer.format.elf import ElfHeader, read_elf_header, read_elf_segments
from gossamer.hal.native_policy import NativeCodePolicy
from gossamer.machine_code.fault_messages import report_faults
from gossamer.machine_code.libc import find_symbol, open_library
from gossamer.modules.c.abi import QUERY_TYPE
from gossamer.modules.c.descriptor import ModuleDescriptor, read_descriptor
from gossamer.modules.c.host import host_address
from gossamer.modules.c.location import QUERY_PREFIX, Location
from gossamer.modules.c.module import CModule
from gossamer.processor.host import host_elf_machine
from gossamer.versions import C_ABI_VERSION

_IREE_SYMBOL = b"iree_vm_dynamic_module_create"
_NOT_OURS = (
    "whose structs are not ours; build the module against gossamer/module.h (in gossamer.get_include())"
)
_EXECUTABLE_SYMBOL = b"iree_hal_executable_library_query"


def load_c_module(location: Location, policy: NativeCodePolicy) -> CModule:
    """Load a module in C. The file stays loaded as long as the process.

    Raises: PermissionDeniedError where the policy forbids it; NotFoundError when there is no such file or
        symbol; FormatError and VersionMismatchError for a file that is no module, or not of this version;
        FailedPreconditionError for one of another machine, or that the system's loader refuses; what the
        module's `create` fails with.
    """
    descriptor = read_c_module(location, policy)
    report_faults()
    try:
        return CModule(descriptor, location.parameters, location.path)
    except StatusError as error:
        raise error.annotate(f"loading native module at '{location.path}'") from None


def read_c_module(location: Location, policy: NativeCodePolicy) -> ModuleDescriptor:
    """What a module in C declares; `create` is not called.

    Raises: as `load_c_module`.
    """
    policy.require(f"module '{location.path}'", stands_alone=False)
    try:
        _check_symbol(location.symbol)
        return _query(location)
    except StatusError as error:
        raise error.annotate(f"loading native module at '{location.path}'") from None


def _query(location: Location) -> ModuleDescriptor:
    path = os.path.abspath(location.path)
    try:
        with open(path, "rb") as file:
            _check_file(file.read(), location)
    except OSError as error:
        raise NotFoundError(f"failed to open file '{location.path}': {error.strerror}") from error
    library = open_library(path)
    query = find_symbol(library, location.symbol)
    if query is None:
        raise _no_symbol(location)
    # Safety: a function of this name is what the header says it is; the host's table is never freed.
    descriptor = QUERY_TYPE(query)(C_ABI_VERSION, host_address())
    if not descriptor:
        raise VersionMismatchError(
            f"module does not work with version {C_ABI_VERSION} of gossamer/module.h: its {location.symbol} "
            "returned null",
            found="another",
            supported=str(C_ABI_VERSION),
            table=location.symbol,
        )
    return read_descriptor(descriptor)


def _check_symbol(symbol: str) -> None:
    # Why: a function of any other name may be anything, and calling it as a query would end the process.
    if not symbol.startswith(QUERY_PREFIX):
        raise FormatError(
            f"'{symbol}' is no name of a query function: those start with '{QUERY_PREFIX}'; dynamic modules "
            f"for IREE's runtime in C cannot be loaded, {_NOT_OURS}"
        )


def _check_file(data: bytes, location: Location) -> None:
    """Refuse what is no module in C for this machine, before any of its code runs."""
    machine = host_elf_machine()
    if machine is not None:
        header = read_elf_header(data)
        host = ElfHeader(64, True, header.type, machine)
        if header != host:
            raise FailedPreconditionError(
                f"module is for {header.description}, but this process runs on {host.description}"
            )
        # Why: the system's loader ends the process where a file is cut short.
        read_elf_segments(data, allows_tls=True)
    # Why not its symbol table: the name stands there as text, and nothing else of the table is needed.
    if location.symbol.encode() + b"\0" in data:
        return
    if _IREE_SYMBOL in data:
        raise FormatError(f"file is a dynamic module for IREE's runtime in C, {_NOT_OURS}")
    if _EXECUTABLE_SYMBOL in data:
        raise FormatError(
            "file is an executable (kernels of a program), no module; iree-benchmark-executable runs those"
        )
    raise _no_symbol(location)


def _no_symbol(location: Location) -> NotFoundError:
    return NotFoundError(
        f"shared object exports no function '{location.symbol}'; a module in C has one, marked "
        "GOSSAMER_EXPORT (see gossamer/module.h)"
    )
