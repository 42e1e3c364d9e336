"""Files of the reference's compiler and assembler: read, written again, and given back to its tools."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gossamer.format.archive import read_module, write_module
from gossamer.isa.decode import decode_function
from gossamer.isa.encode import encode_function

pytestmark = pytest.mark.reference

_FIXTURES = ["abs_vmvx_vmfb", "abs_llvm_cpu_vmfb", "pipeline_vmfb", "pipeline_async_vmfb"]


@pytest.fixture(params=_FIXTURES)
def vmfb(request: pytest.FixtureRequest) -> Path:
    """Each of several compiled modules."""
    path = request.getfixturevalue(request.param)
    assert isinstance(path, Path)
    return path


def _disassembly(iree_bin: Path, path: Path) -> str:
    command = [str(iree_bin / "iree-dump-module"), "--output=disassembly", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return result.stdout


@pytest.mark.parametrize("flat", [False, True])
def test_rewritten_modules_disassemble_the_same(
    iree_bin: Path, vmfb: Path, tmp_path: Path, flat: bool
) -> None:
    rewritten = tmp_path / "rewritten.vmfb"
    rewritten.write_bytes(write_module(read_module(vmfb.read_bytes()), flat=flat))

    assert _disassembly(iree_bin, rewritten) == _disassembly(iree_bin, vmfb)


def test_every_function_encodes_to_the_same_bytes(vmfb: Path) -> None:
    module = read_module(vmfb.read_bytes())
    for descriptor in module.function_descriptors:
        start = descriptor.bytecode_offset
        bytecode = module.bytecode_data[start : start + descriptor.bytecode_length]
        instructions = decode_function(bytecode, base_offset=start)

        assert encode_function(instructions) == bytecode
        assert sum(i.opcode.name == "block" for i in instructions) == descriptor.block_count


@pytest.mark.parametrize("fixture", ["abs_vmvx_vmfb", "abs_llvm_cpu_vmfb"])
@pytest.mark.parametrize("flat", [False, True])
def test_rewritten_modules_run(
    iree_bin: Path, tmp_path: Path, request: pytest.FixtureRequest, fixture: str, flat: bool
) -> None:
    module = read_module(request.getfixturevalue(fixture).read_bytes())
    rewritten = tmp_path / "rewritten.vmfb"
    rewritten.write_bytes(write_module(module, flat=flat))
    command = [
        str(iree_bin / "iree-run-module"),
        "--device=local-sync",
        f"--module={rewritten}",
        "--function=abs",
        "--input=16xf32=-2.5",
        "--expected_output=16xf32=2.5",
    ]
    result = subprocess.run(command, capture_output=True, text=True)

    assert result.returncode == 0, result.stderr
    assert "[SUCCESS]" in result.stdout


def test_nested_modules_read_in_place(abs_vmvx_vmfb: Path) -> None:
    module = read_module(abs_vmvx_vmfb.read_bytes())
    (executable,) = [segment for segment in module.rodata_segments if segment.is_external]
    nested = read_module(executable.data)

    assert [signature.calling_convention for signature in nested.function_signatures] == ["0rrriiiiiiiii_v"]


def test_assembled_modules_read(assemble_vmasm: Callable[..., Path]) -> None:
    path = assemble_vmasm(
        'vm.module @assembled version 9\nvm.import optional @a.b cconv "0i_v"\nvm.rodata[0] = 4142\n'
        "vm.export @f\nvm.func @f(%i0: i32) -> (i32) {\n^bb0:\n  vm.return %i0\n}\n"
    )
    module = read_module(path.read_bytes())

    assert (module.name, module.version) == ("assembled", 9)
    assert bytes(module.rodata_segments[0].data) == b"AB"
    assert not module.imported_functions[0].is_required
    assert module.function_signatures[0].calling_convention == "0i_i"
