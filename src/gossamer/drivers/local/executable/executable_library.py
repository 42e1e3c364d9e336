"""Executable libraries: the tables through which native code says what kernels it has.

A library exports one function, the query. It gets the version of the tables we read and an environment, and
returns the tables: names, addresses and needs of kernels. Kernels get the same environment at each call.
In: a native image and values of executable constants. Out: functions of an executable.
Spec: `iree/hal/local/executable_library.h` version 6, of IREE 3.13.0; checks as in
`iree/hal/local/executable_library_util.c`.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence

from gossamer.drivers.local.executable.native_image import NativeImage
from gossamer.drivers.local.runner.faults import guard_signals
from gossamer.errors import (
    FailedPreconditionError,
    NotFoundError,
    OutOfRangeError,
    UnavailableError,
    UnimplementedError,
)
from gossamer.hal.executable import Executable, ExecutableFunction
from gossamer.machine_code.host_memory import address_of
from gossamer.processor.cpu_features import processor_data
from gossamer.versions import EXECUTABLE_LIBRARY_VERSION

QUERY_SYMBOL = "iree_hal_executable_library_query"

_QUERY_TYPE = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)

# Header: version, name, features, sanitizer.
_HEADER = struct.Struct("<I4xQII")
# Library: header; imports: count, symbols; exports: count, functions, attributes, parameters, occupancy,
# names, four tables for people; constant count; the table of sources is not read.
_LIBRARY = struct.Struct("<Q I4xQ I4xQQQQQ32x I")
# Attributes: flags, pages of local memory, constants, bindings; the rest is about workgroup sizes.
_ATTRIBUTES = struct.Struct("<QHBB52x")

_SEQUENTIAL = 1
_PAGE_BYTES = 4096
_MAXIMUM_CONSTANTS = 64
_MAXIMUM_BINDINGS = 64


class Environment(ctypes.Structure):
    """What native kernels get about their executable."""

    _fields_ = (
        ("constants", ctypes.c_void_p),
        ("import_thunk", ctypes.c_void_p),
        ("import_funcs", ctypes.c_void_p),
        ("import_contexts", ctypes.c_void_p),
        ("processor_data", ctypes.c_uint64 * 8),
    )


class _Library:
    """A queried library: what must live as long as its kernels."""

    def __init__(self, image: NativeImage, constants: Sequence[int]) -> None:
        self.image = image
        self._constants = bytearray(struct.pack(f"<{len(constants)}I", *constants))
        self._imports = bytearray()
        self.environment = Environment()
        if constants:
            self.environment.constants = address_of(self._constants)
        self.environment.processor_data[0] = processor_data()

    def query(self) -> int:
        """Address of the library's tables."""
        # Safety: the address is inside an executable segment, and the environment lives in this object.
        function = _QUERY_TYPE(self.image.symbol(QUERY_SYMBOL))
        tables: int | None = function(EXECUTABLE_LIBRARY_VERSION, ctypes.addressof(self.environment))
        if not tables:
            raise FailedPreconditionError(
                f"executable does not support this version of the runtime ({EXECUTABLE_LIBRARY_VERSION:08X})"
            )
        return tables

    def leave_imports_unresolved(self, count: int) -> None:
        """Null for each import, which kernels test optional ones for."""
        self._imports = bytearray(2 * 8 * count)
        self.environment.import_funcs = address_of(self._imports)
        self.environment.import_contexts = self.environment.import_funcs + 8 * count


def load_library(image: NativeImage, constants: Sequence[int], *, format: str) -> Executable:
    """Make an executable of a library.

    Args:
        image: the executable keeps it.
        constants: u32 values of executable-level constants.
    Raises: FailedPreconditionError when the library is of another version or its tables are incomplete,
        FormatError when they point outside of it, NotFoundError when it needs imports, and so on.
    """
    library = _Library(image, constants)
    header, imports, symbols, count, functions, attributes, _, _, names, constant_count = image.read(
        _LIBRARY, library.query(), "executable library"
    )
    library_name = _check_header(image, header)
    if imports:
        _check_imports(image, imports, symbols)
        library.leave_imports_unresolved(imports)
    if constant_count != len(constants):
        raise FailedPreconditionError(
            f"executable requires {constant_count} constants but caller provided {len(constants)}; must match"
        )
    if not attributes:
        raise FailedPreconditionError("executable exports must provide dispatch attributes")
    if count and not names:
        raise FailedPreconditionError("executable exports must provide function names")
    if not count:
        return Executable((), format=format, keepalive=library)
    addresses = image.pointers(functions, count, "executable exports")
    name_addresses = image.pointers(names, count, "executable export names")
    environment = ctypes.addressof(library.environment)
    guard_signals()
    kernels = [
        _function(
            image, library_name, index, address, name, attributes + index * _ATTRIBUTES.size, environment
        )
        for index, (address, name) in enumerate(zip(addresses, name_addresses, strict=True))
    ]
    return Executable(kernels, format=format, keepalive=library)


def _check_header(image: NativeImage, address: int) -> str:
    """Name of the library, once its version is one that can be read."""
    version, name, _, sanitizer = image.read(_HEADER, address, "executable library header")
    if version != EXECUTABLE_LIBRARY_VERSION:
        raise FailedPreconditionError(
            f"executable library has version {version}, expected {EXECUTABLE_LIBRARY_VERSION}"
        )
    if sanitizer:
        raise UnavailableError(
            f"executable requires sanitizer {sanitizer}, which this process does not run with"
        )
    return image.string(name, "name of the executable library") if name else ""


def _check_imports(image: NativeImage, count: int, symbols: int) -> None:
    # A question mark in front of a name makes the import optional.
    names = [
        image.string(address, f"name of import {index}")
        for index, address in enumerate(image.pointers(symbols, count, "executable imports"))
    ]
    required = [name for name in names if not name.startswith("?")]
    if required:
        raise NotFoundError(
            f"executable imports {', '.join(map(repr, required))}, which no plugin provides; "
            "native executables with imports cannot be loaded here"
        )


def _function(
    image: NativeImage,
    library_name: str,
    index: int,
    address: int,
    name_address: int,
    attributes: int,
    environment: int,
) -> ExecutableFunction:
    name = image.string(name_address, f"name of export {index}") if name_address else ""
    if not name:
        raise FailedPreconditionError(f"executable export {index} missing function name")
    flags, pages, constants, bindings = image.read(_ATTRIBUTES, attributes, f"attributes of '{name}'")
    if constants > _MAXIMUM_CONSTANTS:
        raise OutOfRangeError(
            f"dispatch requiring {constants} constants exceeds limit of {_MAXIMUM_CONSTANTS}"
        )
    if bindings > _MAXIMUM_BINDINGS:
        raise OutOfRangeError(f"dispatch requiring {bindings} bindings exceeds limit of {_MAXIMUM_BINDINGS}")
    if flags & _SEQUENTIAL:
        raise UnimplementedError(f"'{name}' needs its workgroups run one after the other, which is not done")
    image.require_code(address, f"'{name}'")
    return ExecutableFunction(
        name,
        bindings,
        constants,
        pages * _PAGE_BYTES,
        address=address,
        environment=environment,
        may_trap=True,
        library=library_name,
    )
