"""A compiled module as a `vm.Module`: decoded and verified once, shared by all contexts that load it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from gossamer.format.archive import read_module
from gossamer.format.module_def import Bytes, ImportFunction, ModuleDef, ModuleDependency
from gossamer.vm.bytecode.decoded import DecodedModule, decode_module
from gossamer.vm.bytecode.executor import ExecutorName
from gossamer.vm.bytecode.global_storage import GlobalStorage
from gossamer.vm.bytecode.globals import GlobalName, global_names
from gossamer.vm.bytecode.module_records import ModuleRecord
from gossamer.vm.bytecode.state import BytecodeState
from gossamer.vm.bytecode.verifier import verify_module
from gossamer.vm.interpret.frame import Tracer
from gossamer.vm.interpret.limits import DEFAULT_LIMITS, Limits
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
        tracer: called before each instruction, or None; see `trace_with`.
    """

    def __init__(
        self,
        definition: ModuleDef,
        *,
        executor: ExecutorName | None = None,
        limits: Limits = DEFAULT_LIMITS,
        source: str = "",
        verified: DecodedModule | None = None,
        record: ModuleRecord | None = None,
    ) -> None:
        """Decode and verify a module.

        Args:
            definition: as read from a file or made by the compiler.
            executor: what runs it; by default the translator.
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
        self._executor: ExecutorName = executor or "translate"
        self._limits = limits
        self.tracer: Tracer | None = None

    def trace_with(self, tracer: Tracer) -> None:
        """Have contexts made from now on interpret the module and show each instruction before it runs."""
        self._executor = "interpret"
        self.tracer = tracer

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

    def create_storage(self) -> GlobalStorage:
        """Zeroed globals."""
        return GlobalStorage(self.definition.global_bytes_capacity, self.definition.global_ref_count)

    def create_state(self) -> BytecodeState:
        """State for one context."""
        return BytecodeState(self, self._executor, self._limits, self.create_storage())

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


def load_bytecode_module(
    data: Bytes,
    *,
    executor: ExecutorName | None = None,
    limits: Limits = DEFAULT_LIMITS,
    source: str = "",
    is_kept: bool = False,
) -> BytecodeModule:
    """Read a `.vmfb` and make a module of it.

    Args:
        data: the whole file; kept alive and borrowed from.
        executor: as for `BytecodeModule`.
        limits: as for `BytecodeModule`.
        source: as for `BytecodeModule`; what is verified is kept on disk for modules that come from a file.
        is_kept: keep it on disk without a source too.
    Raises: FormatError where the bytes are not a module that can run.
    """
    record = ModuleRecord(data) if source or is_kept else None
    found = None if record is None else record.load()
    definition = read_module(data, with_debug_database=False) if found is None else found.definition
    module = BytecodeModule(
        definition,
        executor=executor,
        limits=limits,
        source=source,
        verified=found,
        record=record,
    )
    if record is not None and found is None:
        record.store(module.decoded)
    return module
