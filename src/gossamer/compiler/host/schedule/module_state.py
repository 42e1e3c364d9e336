"""What scheduling the functions of a module shares: kernels, constants, globals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gossamer.compiler.host.program.constant_bytes import constant_bytes
from gossamer.compiler.host.program.program import ConstantPool, HostExecutable, HostProgram
from gossamer.compiler.host.program.sizes import BUFFER_ALIGNMENT, Size
from gossamer.compiler.host.program.values import Range, Resource
from gossamer.compiler.kernel_interface import KernelInterface
from gossamer.compiler.mlir import ir
from gossamer.compiler.signatures import Signature
from gossamer.compiler.signatures.signature import ScalarType, TensorType

CONSTANTS = "_constants"
"""Name of the global that holds the buffer of all constants."""


@dataclass(frozen=True, slots=True)
class ModuleGlobal:
    """A global of the program.

    Attributes:
        dims: names of the VM globals that hold the dynamic dimensions of a tensor, by dimension.
        timepoint: name of the VM global that holds when the contents are ready; "" where they always are.
        initial: the operation's initial value, or None.
        parameter: scope and key of the parameter that is the initial value, or None.
    """

    name: str
    type: TensorType | ScalarType
    is_mutable: bool
    dims: Mapping[int, str]
    timepoint: str
    op: ir.Operation
    initial: ir.Attribute | None
    parameter: tuple[str, str] | None = None


@dataclass(slots=True)
class ConstantBuilder:
    """Collects constant tensors into one pool; equal operations share their bytes."""

    resource: Resource = field(default_factory=lambda: Resource(CONSTANTS, Size()))
    _data: bytearray = field(default_factory=bytearray)
    _offsets: dict[bytes, int] = field(default_factory=dict[bytes, int])

    def add(self, op: ir.Operation) -> Range:
        """The range of the tensor that an `arith.constant` is."""
        return self.add_bytes(constant_bytes(op))

    def add_bytes(self, data: bytes) -> Range:
        """The range of some bytes."""
        if data not in self._offsets:
            self._data.extend(bytes(-len(self._data) % BUFFER_ALIGNMENT))
            self._offsets[data] = len(self._data)
            self._data.extend(data)
            self._data.extend(bytes(-len(self._data) % BUFFER_ALIGNMENT))
        return Range(self.resource, Size(self._offsets[data]), Size(len(data)))

    def finish(self) -> ConstantPool | None:
        """The pool, or None where there are no constants."""
        if not self._offsets:
            return None
        self.resource.size = Size(len(self._data))
        return ConstantPool(self.resource, bytes(self._data))


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A kernel, and where it is: the name of its executable and which entry point of it."""

    executable: str
    ordinal: int
    kernel: KernelInterface


@dataclass(slots=True)
class ModuleState:
    """State of scheduling one module.

    Attributes:
        signatures: of exports and imports, by symbol.
        kernels: by the name dispatches use.
        timed_functions: internal functions that take and return a timepoint.
        in_place_updates: results of updates that write the buffer of a global. Where there are any, no
            buffer of a global is shared with anything.
        strip_assertions: leave out checks of what callers and callees pass.
    """

    program: HostProgram
    signatures: Mapping[str, Signature]
    kernels: Mapping[str, EntryPoint]
    timed_functions: frozenset[str]
    in_place_updates: frozenset[ir.Value] = frozenset()
    strip_assertions: bool = False
    globals: Mapping[str, ModuleGlobal] = field(default_factory=dict[str, ModuleGlobal])
    constants: ConstantBuilder = field(default_factory=ConstantBuilder)

    @property
    def has_async_exports(self) -> bool:
        """Whether a function may return before its work is done."""
        return any(signature.is_async and not signature.is_import for signature in self.signatures.values())

    def imported(self) -> dict[str, Signature]:
        """Signatures of imports, by symbol."""
        return {name: signature for name, signature in self.signatures.items() if signature.is_import}


def entry_points(executables: Sequence[HostExecutable]) -> dict[str, EntryPoint]:
    """The kernel that each dispatch name means."""
    return {
        name: EntryPoint(executable.name, ordinal, kernel)
        for executable in executables
        for ordinal, (name, kernel) in enumerate(executable.kernels.items())
    }
