"""What importing `gossamer.runtime` loads, and which names it has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import gossamer.runtime as rt

HEAVY = ("torch_mlir", "llvmlite", "gossamer.compiler", "rich", "flatbuffers", "asyncio")
# Parameters, tokenizers and benchmarks are not there yet.
KNOWN_MISSING = {"Tokenizer", "TokenizerDecodeStream", "TokenizerEncodeStream"}


def run_python(code: str, executable: str = sys.executable) -> str:
    return subprocess.run([executable, "-c", code], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    "use",
    [
        "",
        "[getattr(gossamer.runtime, name) for name in gossamer.runtime.__all__]",
        "import gossamer.runtime.pipeline",
    ],
    ids=["import", "every name", "pipeline"],
)
def test_importing_the_runtime_loads_nothing_heavy(use: str) -> None:
    loaded = run_python(f"import sys, gossamer.runtime\n{use}\nprint(*sys.modules)").split()
    assert "gossamer.runtime" in loaded
    assert not set(HEAVY) & set(loaded)


def test_every_name_is_found() -> None:
    assert sorted(rt.__all__) == dir(rt)
    for name in rt.__all__:
        assert getattr(rt, name) is getattr(rt, name)


def test_modules_of_the_reference_are_attributes() -> None:
    assert rt.dtypes.map_abi_type_to_dtype_info("f32").name == "float32"
    assert rt.system_setup.get_device is rt.get_device
    assert rt.system_api.Config is rt.Config
    assert rt.array_interop.DeviceArray is rt.DeviceArray
    assert rt.flags.FUNCTION_INPUT_VALIDATION


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'HalTeapot'"):
        _ = rt.HalTeapot


@pytest.mark.reference
def test_names_are_those_of_the_reference(iree_bin: Path) -> None:
    code = """
import iree.runtime as rt, json, types
names = [name for name in dir(rt) if name[0] != "_"]
print(json.dumps([name for name in names if not isinstance(getattr(rt, name), types.ModuleType)]))
"""
    names = set(json.loads(run_python(code, str(iree_bin / "python"))))
    assert names - set(rt.__all__) == KNOWN_MISSING


@pytest.mark.reference
@pytest.mark.parametrize(
    "enumeration",
    [
        "BufferCompatibility", "BufferUsage", "ExternalTimepointFlags", "ExternalTimepointType",
        "HalElementType", "Linkage", "MemoryAccess", "MemoryType", "SemaphoreCompatibility",
    ],
)  # fmt: skip
def test_enumerations_have_the_reference_values(iree_bin: Path, enumeration: str) -> None:
    code = (
        f"import iree.runtime as rt, json\ne = rt.{enumeration}\n"
        "members = {n: getattr(e, n) for n in dir(e) if n[0] != '_' and n.isupper()}\n"
        "print(json.dumps({n: v.value if hasattr(v, 'value') else int(v) for n, v in members.items()}))"
    )
    values = json.loads(run_python(code, str(iree_bin / "python")))
    assert values
    ours = getattr(rt, enumeration)
    assert {name: int(getattr(ours, name)) for name in values} == values
