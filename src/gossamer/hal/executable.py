"""Executables: kernels that command buffers dispatch.

An executable is a list of functions. A function is either native code with the executable library ABI
(`int f(environment*, dispatch_state*, workgroup_state*)`), or a Python callable run once a workgroup.
In: bytes of a format some loader knows. Out: functions by name, then by id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias, final

from gossamer.errors import (
    InternalStatusError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    StatusError,
)
from gossamer.format.module_def import Bytes
from gossamer.machine_code.host_memory import address_of


class BoundMemory(NamedTuple):
    """One binding of a dispatch in flight; `address` is valid until the dispatch is done."""

    address: int
    length: int


@dataclass(frozen=True, slots=True)
class DispatchCall:
    """One dispatch in flight, as Python kernels see it.

    Attributes:
        bindings: memory by binding ordinal.
        constants: u32 values.
        workgroup_count: along x, y and z.
        local_memory: scratch memory that no other workgroup uses meanwhile.
        keepalive: what to hold on to while the addresses are used.
    """

    bindings: tuple[BoundMemory, ...]
    constants: tuple[int, ...]
    workgroup_count: tuple[int, int, int]
    local_memory: BoundMemory
    keepalive: object = None


WorkgroupCallable: TypeAlias = Callable[[int, int, int], None]
"""Runs workgroup (x, y, z); raises a StatusError when it fails."""

PythonKernel: TypeAlias = Callable[[DispatchCall], WorkgroupCallable]
"""Called once a dispatch; what it returns is called once a workgroup, x fastest."""


@dataclass(frozen=True, slots=True, eq=False)
class ExecutableFunction:
    """A kernel; equal to itself alone.

    Attributes:
        name: what modules look it up by.
        binding_count, constant_count: what a dispatch must provide.
        local_memory_bytes: scratch memory of one workgroup.
        address: of native code, or 0.
        environment: address of the environment struct that native code gets.
        kernel: what to run where there is no native code.
        library: name of the executable, "" where it has none.
        may_trap: the native code is not checked: it may trap, and can be left at any instruction.
        decode_status: makes the error of a non-zero return of native code; None if any is INTERNAL.
    """

    name: str
    binding_count: int
    constant_count: int = 0
    local_memory_bytes: int = 0
    address: int = 0
    environment: int = 0
    kernel: PythonKernel | None = None
    library: str = ""
    may_trap: bool = False
    decode_status: Callable[[int], StatusError] | None = None

    def error(self, returned: int) -> StatusError:
        """The error that a non-zero return of native code stands for."""
        if self.decode_status is None:
            return InternalStatusError(f"dispatch of '{self.name}' failed with code {returned}")
        return self.decode_status(returned).annotate(f"while dispatching '{self.name}'")


@final
class Executable:
    """A list of kernels; their index is the function id that programs use.

    Attributes:
        functions: in order of id.
        format: of the bytes it was loaded from.
        dispatch_forms: memo of command buffers, by function id and counts of constants and bindings: how
            such a dispatch starts in a program, and the function.
    """

    __slots__ = (
        "__weakref__",
        "_ids",
        "_keepalive",
        "_times",
        "_times_address",
        "dispatch_forms",
        "format",
        "functions",
    )

    def __init__(
        self, functions: Sequence[ExecutableFunction], *, format: str = "", keepalive: object = None
    ) -> None:
        self.functions = tuple(functions)
        self.format = format
        self.dispatch_forms: dict[tuple[int, int, int], tuple[bytes, ExecutableFunction]] = {}
        # What a workgroup takes is known to whoever records the next dispatch: kernels are cut alike.
        self._times = bytearray(4 * len(self.functions))
        self._times_address = address_of(self._times)
        self._ids = {function.name: index for index, function in enumerate(self.functions)}
        # Safety: functions hold bare addresses of code and tables; this holds what owns them.
        self._keepalive = keepalive
        for function in self.functions:
            if not function.address and function.kernel is None:
                raise InvalidArgumentError(f"executable function '{function.name}' has no code")

    def __repr__(self) -> str:
        return f"<hal.Executable {self.format} with {', '.join(self._ids)}>"

    def time_address(self, function_id: int) -> int:
        """Address of a u32: nanoseconds that a workgroup of a function takes, or 0 before that is known."""
        return self._times_address + 4 * function_id

    def lookup_function(self, name: str) -> int:
        """Id of a function.

        Raises: NotFoundError when there is none of that name.
        """
        function_id = self._ids.get(name)
        if function_id is None:
            raise NotFoundError(f"no exported function with the name `{name}` found in executable")
        return function_id

    def function(self, function_id: int) -> ExecutableFunction:
        """Function of an id.

        Raises: OutOfRangeError when there is none.
        """
        if not 0 <= function_id < len(self.functions):
            raise OutOfRangeError(
                f"function id {function_id} out of bounds ({len(self.functions)} exports available)"
            )
        return self.functions[function_id]


class ExecutableLoader(Protocol):
    """Makes executables from bytes of the formats it knows."""

    def supports_format(self, format: str) -> bool:
        """True where this machine can run executables of the format."""
        ...

    def load(self, format: str, data: Bytes, constants: Sequence[int]) -> Executable:
        """Verify the bytes and make an executable.

        Args:
            data: borrowed; the executable keeps it alive if it needs it.
            constants: u32 values of executable-level constants.
        """
        ...
