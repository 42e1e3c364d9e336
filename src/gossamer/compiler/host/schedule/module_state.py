"""What scheduling the functions of a module shares: kernels, constants, globals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from gossamer.abi.value_type import ValueType
from gossamer.compiler.constant_bytes import constant_bytes
from gossamer.compiler.host.program.program import ConstantPool, HostExecutable, HostProgram
from gossamer.compiler.host.program.sizes import BUFFER_ALIGNMENT, Size
from gossamer.compiler.host.program.values import Range, Resource
from gossamer.compiler.kernel_interface import KernelInterface
from gossamer.compiler.mlir import ir
from gossamer.compiler.resources import Resources
from gossamer.compiler.signatures import Signature

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
    type: ValueType
    is_mutable: bool
    dims: Mapping[int, str]
    timepoint: str
    op: ir.Operation
    initial: ir.Attribute | None
    parameter: tuple[str, str] | None = None


@dataclass(slots=True)
class ConstantBuilder:
    """Collects constant tensors into one pool; equal operations share their bytes."""

    resources: Resources = field(default_factory=Resources)
    resource: Resource = field(default_factory=lambda: Resource(CONSTANTS, Size()))
    _length: int = 0
    _parts: list[bytes | memoryview] = field(default_factory=list["bytes | memoryview"])
    _offsets: dict[bytes, int] = field(default_factory=dict[bytes, int])

    def add(self, op: ir.Operation) -> Range:
        """The range of the tensor that an `arith.constant` is."""
        return self.add_bytes(constant_bytes(op, self.resources))

    def add_bytes(self, data: bytes | memoryview) -> Range:
        """The range of some bytes, which are not copied before the pool is finished."""
        # Why a digest: it stands for memory of others, which has no hash of its own.
        digest = sha256(data).digest()
        if digest not in self._offsets:
            self._offsets[digest] = self._length
            self._parts += [data, bytes(-len(data) % BUFFER_ALIGNMENT)]
            self._length += sum(map(len, self._parts[-2:]))
        return Range(self.resource, Size(self._offsets[digest]), Size(len(data)))

    def finish(self) -> ConstantPool | None:
        """The pool, or None where there are no constants."""
        if not self._offsets:
            return None
        self.resource.size = Size(self._length)
        return ConstantPool(self.resource, b"".join(self._parts))


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
