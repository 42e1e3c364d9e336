"""A compiled module as a `vm.Module`: decoded and verified once, shared by all contexts that load it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from gossamer.format.module_def import ImportFunction, ModuleDef, ModuleDependency
from gossamer.vm.bytecode.decoded import DecodedModule, decode_module
from gossamer.vm.bytecode.executor import MakeExecutor
from gossamer.vm.bytecode.global_storage import GlobalStorage
from gossamer.vm.bytecode.globals import GlobalName, global_names
from gossamer.vm.bytecode.limits import DEFAULT_LIMITS, Limits
from gossamer.vm.bytecode.module_records import ModuleRecord
from gossamer.vm.bytecode.state import BytecodeState
from gossamer.vm.bytecode.verifier import verify_module
from gossamer.vm.link.module import Export
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.ref_types import VARIANT_TYPE_NAMES, RefType, is_value_type, ref_type


class BytecodeModule:
    """A module of VM bytecode.

    Attributes:
        definition: its tables.
        source: file it came from, or "".
        decoded: its functions, verified: executors may trust them.
        exports: functions others may call, by name.
        rodata: constant buffers by ordinal, borrowed from the file's bytes.
        is_from_record: it was kept on disk when it was loaded before.
        record: of its file, where what is made of the module is kept; or None.
        types: the type table as refs are checked against it; see `_checked_type`.
    """

    def __init__(
        self,
        definition: ModuleDef,
        make_executor: MakeExecutor,
        *,
        limits: Limits = DEFAULT_LIMITS,
        source: str = "",
        verified: DecodedModule | None = None,
        record: ModuleRecord | None = None,
    ) -> None:
        """Decode and verify a module.

        Args:
            definition: as read from a file or made by the compiler.
            make_executor: makes what runs it, for each context.
            limits: bounds of each call.
            source: file the module came from, for messages.
            verified: the functions of `definition`, where they were kept on disk, verified.
            record: what is made of the module is kept with it; None where nothing is.
        Raises: FormatError for anything that executors must be able to rely on.
        """
        self.definition = definition
        self.source = source
        self.decoded: DecodedModule = verified or decode_module(definition)
        if verified is None:
            verify_module(self.decoded)
        self.is_from_record = verified is not None
        self.record = record
        self.rodata = tuple(
            Buffer.wrap(segment.data, is_mutable=False) for segment in definition.rodata_segments
        )
        self.types = tuple(_checked_type(name) for name in definition.types)
        self.exports: Mapping[str, Export] = MappingProxyType(_exports(self.decoded))
        self._make_executor = make_executor
        self._limits = limits

    def run_with(self, make_executor: MakeExecutor) -> None:
        """Have contexts made from now on run the module with another executor."""
        self._make_executor = make_executor

    @property
    def name(self) -> str:
        """Name that importers use."""
        return self.definition.name

    @property
    def version(self) -> int:
        """Version that dependencies are compared with."""
        return self.definition.version

    @property
    def dependencies(self) -> Sequence[ModuleDependency]:
        """Modules to load before this one."""
        return self.definition.dependencies

    @property
    def imports(self) -> Sequence[ImportFunction]:
        """Functions of other modules, by import ordinal."""
        return self.definition.imported_functions

    @cached_property
    def global_names(self) -> tuple[GlobalName, ...]:
        """What its globals are called."""
        return global_names(self.decoded)

    @cached_property
    def constant_refs(self) -> tuple[int, ...]:
        """Ordinals of ref globals that stay as they were initialised; states share what they refer to."""
        return tuple(
            name.place
            for name in self.global_names
            if not name.is_mutable and not is_value_type(name.storage_type)
        )

    @cached_property
    def content_digest(self) -> str:
        """What tells its code and constants from another version's: SHA-256 in hexadecimal.

        All of the module's bytes are read when it is asked for first.
        """
        definition = self.definition
        digest = hashlib.sha256(
            repr((definition.name, definition.exported_functions, definition.function_descriptors)).encode()
        )
        for data in (definition.bytecode_data, *(segment.data for segment in definition.rodata_segments)):
            digest.update(len(data).to_bytes(8, "little"))
            digest.update(data)
        return digest.hexdigest()

    def create_storage(self) -> GlobalStorage:
        """Zeroed globals."""
        return GlobalStorage(self.definition.global_bytes_capacity, self.definition.global_ref_count)

    def create_state(self) -> BytecodeState:
        """State for one context."""
        return BytecodeState(self, self._make_executor, self._limits, self.create_storage())

    def __repr__(self) -> str:
        return f"BytecodeModule({self.name!r}, version={self.version})"


def _exports(module: DecodedModule) -> dict[str, Export]:
    exports: dict[str, Export] = {}
    for name, ordinal in module.exports.items():
        signature = module.definition.function_signatures[ordinal]
        exports[name] = Export(name, signature.calling_convention, dict(signature.attrs))
    return exports


def _checked_type(name: str) -> RefType:
    # Spec: a ref is compared with the very type named, so `!vm.opaque` and value types match null only
    # (`iree_vm_ref_check` in iree/vm/ref.c, 3.13.0; checked against its tools).
    if is_value_type(name) or name in VARIANT_TYPE_NAMES:
        return RefType(name)
    return ref_type(name)
