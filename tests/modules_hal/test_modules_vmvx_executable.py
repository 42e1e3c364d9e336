"""Executables in VM bytecode: what the loader accepts. What they compute is in the reference tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gossamer.drivers.local.runner.runner import runner_for
from gossamer.errors import FormatError, InvalidArgumentError, NotFoundError
from gossamer.format.archive import write_module
from gossamer.format.module_def import (
    Attributes,
    ExportFunction,
    FunctionDescriptor,
    FunctionSignature,
    ImportFunction,
    ModuleDef,
    Requirements,
)
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.kept_files.store import CACHE_DIR_VARIABLE
from gossamer.machine_code import compiled_code
from gossamer.modules.vmvx.executable import KERNEL_CONVENTION, VMVX_FORMAT, VmvxLoader
from gossamer.vm.jit import native

_BLOCK_DISCARD_RETURN = bytes.fromhex("79 85 0300 0080 0180 0280 5a 00 0000".replace(" ", ""))


def kernel_module(
    convention: str = KERNEL_CONVENTION,
    attrs: Attributes = (("binding_count", "0"),),
    imports: tuple[ImportFunction, ...] = (),
) -> bytes:
    """A module with one kernel that does nothing."""
    code = _BLOCK_DISCARD_RETURN
    return write_module(
        ModuleDef(
            "kernels",
            imported_functions=imports,
            exported_functions=(ExportFunction("nothing", 0),),
            function_signatures=(FunctionSignature(convention, attrs),),
            function_descriptors=(FunctionDescriptor(0, len(code), Requirements(0), 1, 9, 3),),
            bytecode_data=code + bytes(-len(code) % 8),
        )
    )


def test_only_one_format_is_known() -> None:
    loader = VmvxLoader()

    assert loader.supports_format(VMVX_FORMAT)
    assert not loader.supports_format("embedded-elf-x86_64")


def test_attributes_say_what_a_dispatch_needs() -> None:
    attrs = (("binding_count", "3"), ("constant_count", "2"), ("local_memory", "5000"))
    function = VmvxLoader().load(VMVX_FORMAT, kernel_module(attrs=attrs), ()).function(0)

    assert function.name == "nothing"
    assert function.binding_count == 3
    assert function.constant_count == 2
    assert function.local_memory_bytes == 8192


def test_a_kernel_runs() -> None:
    executable = VmvxLoader().load(VMVX_FORMAT, kernel_module(), ())
    commands = CommandBuffer(make_runner=runner_for)
    commands.dispatch(executable, executable.lookup_function("nothing"), (2, 2, 2))
    commands.finalize()
    commands.run(commands.prepare([]))


def test_other_conventions_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="expected '0rrriiiiiiiii_v' but got '0rrriiiiii_v'"):
        VmvxLoader().load(VMVX_FORMAT, kernel_module("0rrriiiiii_v"), ())


def test_constants_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="no executable-level constants but 2 constants"):
        VmvxLoader().load(VMVX_FORMAT, kernel_module(), (1, 2))


@pytest.mark.parametrize("text", ["-1", "many", "65", ""])
def test_attributes_are_checked(text: str) -> None:
    with pytest.raises(FormatError, match="attribute 'binding_count' of 'nothing'"):
        VmvxLoader().load(VMVX_FORMAT, kernel_module(attrs=(("binding_count", text),)), ())


@pytest.mark.parametrize("data", [b"", b"\0" * 64, b"IREE" * 20])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        VmvxLoader().load(VMVX_FORMAT, data, ())


def test_imports_come_from_vmvx() -> None:
    known = ImportFunction("vmvx.abs.2d.f32", FunctionSignature("0rIIIrIIIII_v"))
    VmvxLoader().load(VMVX_FORMAT, kernel_module(imports=(known,)), ())
    for imported, error in (
        (ImportFunction("hal.fence.signal", FunctionSignature("0r_v")), NotFoundError),
        (ImportFunction("vmvx.unknown", FunctionSignature("0r_v")), NotFoundError),
        (ImportFunction("vmvx.abs.2d.f32", FunctionSignature("0r_v")), InvalidArgumentError),
    ):
        with pytest.raises(error, match=imported.full_name):
            VmvxLoader().load(VMVX_FORMAT, kernel_module(imports=(imported,)), ())


def test_kernels_of_the_same_bytes_are_found_without_translation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))
    translated: list[object] = []
    emit = native.emit_module

    def emit_module(*arguments: Any) -> str:
        translated.append(arguments)
        return emit(*arguments)

    monkeypatch.setattr(native, "emit_module", emit_module)
    addresses = [VmvxLoader().load(VMVX_FORMAT, kernel_module(), ()).function(0).address for _ in range(2)]

    assert all(addresses)
    assert len(translated) == 1

    VmvxLoader().load(VMVX_FORMAT, kernel_module(attrs=(("binding_count", "1"),)), ())
    assert len(translated) == 2

    monkeypatch.setattr(compiled_code, "_compiler_identity", lambda: "another")
    VmvxLoader().load(VMVX_FORMAT, kernel_module(), ())
    assert len(translated) == 3


def test_kernels_that_cannot_be_native_are_looked_at_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path))
    monkeypatch.setattr(native, "compilable_functions", lambda *_: {})
    for _ in range(2):
        function = VmvxLoader().load(VMVX_FORMAT, kernel_module(), ()).function(0)
        assert not function.address
