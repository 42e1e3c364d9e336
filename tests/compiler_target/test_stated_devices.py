"""Devices that a program names itself, and those that the options name."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.compiler.source import CompileWarning
from gossamer.errors import CompileError, GossamerError
from gossamer.format.archive import read_module
from gossamer.tools.compile_flags.parser import FlagError, parse_flags
from gossamer.tools.compile_flags.table import command_line_flags, options_of

ABS = """
  func.func @abs(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = math.absf %x : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
"""
VMVX = '#hal.executable.target<"vmvx", "vmvx-bytecode-fb">'
NATIVE = (
    '#hal.executable.target<"llvm-cpu", "embedded-elf-x86_64", '
    '{cpu = "x86-64-v2", cpu_features = "", target_triple = "x86_64-unknown-unknown-eabi-elf"}>'
)
CUDA = '#hal.executable.target<"cuda", "cuda-nvptx-fb">'


def targets(*devices: str) -> str:
    listed = ", ".join(devices)
    return f"module attributes {{hal.device.targets = [{listed}]}} {{{ABS}}}"


def device(*executables: str, ordinal: int | None = None) -> str:
    config = "" if ordinal is None else f" {{ordinal = {ordinal} : index}},"
    return f'#hal.device.target<"local",{config} [{", ".join(executables)}]> : !hal.device'


def compiled(text: str, *flags: str) -> bytes:
    options = options_of(parse_flags(flags, command_line_flags()).values)
    return gossamer.compile_text(text, options=options)


def formats(module: bytes) -> set[str]:
    """Formats of executables that a module asks devices for."""
    strings = {bytes(segment.data) for segment in read_module(module).rodata_segments}
    return {text.decode() for text in strings if re.fullmatch(rb"vmvx-bytecode-fb|\w+-elf-\w+", text)}


SELECT = f"#hal.device.select<[{device(CUDA)}, {device(VMVX)}]> : !hal.device"
ALIASES = f'#e = {VMVX}\n#d = #hal.device.target<"local", [#e]> : !hal.device\n'
PORTABLE, ELF = "vmvx-bytecode-fb", "embedded-elf-x86_64"
STATED = {
    "vmvx": (targets(device(VMVX)), {PORTABLE}),
    "native": (targets(device(NATIVE)), {ELF}),
    "both": (targets(device(NATIVE, VMVX)), {ELF, PORTABLE}),
    "first": (targets(device(VMVX), device(NATIVE)), {PORTABLE}),
    "select": (targets(SELECT), {PORTABLE}),
    "alias": (f"{ALIASES}{targets('#d')}", {PORTABLE}),
    "global": (f"module {{ util.global private @d = {device(VMVX)}\n{ABS} }}", {PORTABLE}),
}


@pytest.mark.parametrize(("text", "expected"), STATED.values(), ids=STATED)
def test_a_program_is_compiled_for_the_device_that_it_names(text: str, expected: set[str]) -> None:
    module = compiled(text)
    assert formats(module) == expected
    if "vmvx-bytecode-fb" in expected:
        with gossamer.Pipeline([module], device="local-sync") as pipeline:
            np.testing.assert_array_equal(pipeline.abs(-np.ones(4, np.float32)), np.ones(4, np.float32))


def test_what_a_program_names_counts_before_the_options() -> None:
    assert formats(compiled(targets(device(VMVX)), "--iree-hal-target-backends=llvm-cpu")) == {
        "vmvx-bytecode-fb"
    }


def test_an_alias_takes_the_backends_of_the_options() -> None:
    text = targets('#hal.device.alias<"local"> : !hal.device')
    assert formats(compiled(text, "--iree-hal-target-backends=vmvx")) == {"vmvx-bytecode-fb"}
    with pytest.raises(CompileError, match="device @device_0 is nothing to compile for"):
        compiled(text)


def test_a_device_of_another_kind_is_refused() -> None:
    with pytest.raises(CompileError, match="device @device_0 is nothing to compile for"):
        compiled(targets(device(CUDA)))


@pytest.mark.parametrize("text", [targets(device(VMVX, ordinal=1)), ABS], ids=["stated", "option"])
def test_an_ordinal_chooses_among_the_devices_that_fit(text: str) -> None:
    flags = ["--iree-hal-target-device=local[1]", "--iree-hal-local-target-device-backends=vmvx"]
    module = compiled(text, *flags)
    with pytest.raises(GossamerError, match=r"ordinal = 1 : index"):
        gossamer.Pipeline([module], device="local-sync")


PLACED = """
module {
  func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = flow.tensor.transfer %x : tensor<4xf32> to #hal.device.promise<@device_b>
    %1 = math.absf %0 : tensor<4xf32>
    %2 = flow.tensor.transfer %1 : tensor<4xf32> to #hal.device.promise<@device_a>
    return %2 : tensor<4xf32>
  }
}
"""
FIRST = ["--iree-hal-target-device=device_a=local[0]", "--iree-hal-local-target-device-backends=vmvx"]


def test_work_of_several_devices_is_done_on_the_first_with_a_warning() -> None:
    with pytest.warns(CompileWarning, match="all work is done on one device, @device_a"):
        module = compiled(PLACED, *FIRST, "--iree-hal-target-device=device_b=local[1]")
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        np.testing.assert_array_equal(pipeline.f(-np.ones(4, np.float32)), np.ones(4, np.float32))


@pytest.mark.parametrize("default", ["device_1", "1"])
def test_another_device_than_the_first_may_do_the_work(default: str) -> None:
    flag = f"--iree-hal-default-device={default}"
    stated = targets(device(VMVX), device(NATIVE))
    assert formats(compiled(stated, flag)) == {ELF}
    named = ["--iree-hal-target-device=local", "--iree-hal-target-device=local[3]"]
    with pytest.raises(GossamerError, match=r"ordinal = 3 : index"):
        gossamer.Pipeline([compiled(ABS, *named, FIRST[1], flag)], device="local-sync")


def test_a_default_that_is_no_device_is_refused() -> None:
    with pytest.raises(CompileError, match="there is no device 'x'"):
        compiled(targets(device(VMVX)), "--iree-hal-default-device=x")
    with pytest.raises(FlagError, match="--iree-hal-default-device=x is none of the devices device_a"):
        compiled(ABS, *FIRST, "--iree-hal-default-device=x")


def test_a_device_that_is_promised_must_be_declared() -> None:
    with pytest.raises(CompileError, match="device @device_b is promised, and never declared"):
        compiled(PLACED, *FIRST)


def test_what_is_no_device_is_refused() -> None:
    with pytest.raises(FlagError, match="'local\\[x\\]' is no device"):
        compiled(ABS, "--iree-hal-target-device=local[x]")


def test_a_dispatch_alone_becomes_an_executable(tmp_path: Path) -> None:
    sources = f"--iree-hal-dump-executable-sources-to={tmp_path}"
    binaries = f"--iree-hal-dump-executable-binaries-to={tmp_path}"
    compiled(ABS, "--iree-hal-target-backends=llvm-cpu", sources, binaries)
    (source,), (binary,) = tmp_path.glob("*.mlir"), tmp_path.glob("*.so")
    flags = ["--iree-hal-target-backends=llvm-cpu", "--compile-mode=hal-executable"]
    executable = compiled(source.read_text(), *flags)
    # The names of executables differ.
    assert executable.startswith(b"\x7fELF")
    assert len(executable) == len(binary.read_bytes())


def test_a_precompiled_program_is_compiled_on() -> None:
    text = compiled(ABS, "--compile-mode=precompile").decode()
    assert "func.func @abs" in text
    assert formats(compiled(text, "--iree-hal-target-backends=vmvx")) == {"vmvx-bytecode-fb"}
