"""Fixtures that every test may use: the reference tools, and modules they compile."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from mlir_samples import ABS_MLIR, ASYNC_FLAGS, LLVM_CPU_FLAGS, PIPELINE_MLIR, VMVX_FLAGS

# Why: a busy machine says nothing of the code. pytest-timeout ends what hangs.
settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")

REPOSITORY = Path(__file__).resolve().parent.parent

CompileMlir = Callable[..., Path]
AssembleVmasm = Callable[..., Path]


@pytest.fixture(autouse=True, scope="session")
def compiles_each_time() -> Iterator[None]:
    """Have every compile of a test, those of commands included, be one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOSSAMER_COMPILE_CACHE", "0")
        yield


@pytest.fixture(scope="session")
def iree_bin() -> Path:
    """Folder of the reference implementation's tools (`GOSSAMER_IREE_BIN` overrides)."""
    folder = Path(os.environ.get("GOSSAMER_IREE_BIN", REPOSITORY / ".venv-iree" / "bin"))
    if not (folder / "iree-compile").exists():
        pytest.skip(f"needs the IREE wheels: no iree-compile in {folder}; `make setup` installs them")
    return folder


@pytest.fixture(scope="session")
def gossamer_bin() -> Path:
    """Folder of our own tools."""
    return Path(sys.executable).parent


@pytest.fixture(scope="session")
def reference_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for a whole run (all workers of it) with what the reference tools produced."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "reference-cache"
    folder.mkdir(exist_ok=True)
    return folder


def _cached_output(
    cache: Path, name: str, source: str, source_suffix: str, command: list[str], output_suffix: str
) -> Path:
    """Run a tool over `source` once for each distinct (source, command); safe between processes."""
    key = hashlib.sha256("\0".join([name, source, *command]).encode()).hexdigest()[:16]
    output = cache / f"{name}-{key}{output_suffix}"
    if output.exists():
        return output
    # Why: the folder names the source file in debug locations, so it depends on nothing but the key.
    folder = cache / f"{name}-{key}"
    folder.mkdir(exist_ok=True)
    source_path = folder / f"{name}{source_suffix}"
    partial = folder / f"{os.getpid()}{output_suffix}"
    staged = folder / f"{os.getpid()}.tmp"
    staged.write_text(source)
    staged.replace(source_path)
    result = subprocess.run([*command, str(source_path), "-o", str(partial)], capture_output=True, text=True)
    if result.returncode != 0:
        raise AssertionError(f"{command[0]} failed on {source_path}:\n{result.stderr}")
    partial.replace(output)
    return output


@pytest.fixture(scope="session")
def compile_mlir(iree_bin: Path, reference_cache: Path) -> CompileMlir:
    """`compile_mlir(source, *flags, name="module")` -> path of the module IREE's compiler makes of it."""

    def compile_source(source: str, *flags: str, name: str = "module") -> Path:
        command = [str(iree_bin / "iree-compile"), *(flags or VMVX_FLAGS)]
        return _cached_output(reference_cache, name, source, ".mlir", command, ".vmfb")

    return compile_source


@pytest.fixture(scope="session")
def assemble_vmasm(iree_bin: Path, reference_cache: Path) -> AssembleVmasm:
    """`assemble_vmasm(source, name="module")` -> path of the module IREE's assembler makes of it."""

    def assemble_source(source: str, name: str = "module") -> Path:
        key = hashlib.sha256(f"{name}\0{source}".encode()).hexdigest()[:16]
        output = reference_cache / f"{name}-{key}.asm.vmfb"
        if output.exists():
            return output
        source_path = reference_cache / f"{name}-{key}.{os.getpid()}.vmasm"
        partial = source_path.with_suffix(".partial.vmfb")
        source_path.write_text(source)
        command = [str(iree_bin / "iree-as-module"), str(source_path), f"--output={partial}"]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            raise AssertionError(f"iree-as-module failed on {source_path}:\n{result.stderr}")
        partial.replace(output)
        return output

    return assemble_source


@pytest.fixture(scope="session")
def abs_vmvx_vmfb(compile_mlir: CompileMlir) -> Path:
    """`@abs` of 16 floats, for VMVX."""
    return compile_mlir(ABS_MLIR, *VMVX_FLAGS, name="abs_module")


@pytest.fixture(scope="session")
def abs_llvm_cpu_vmfb(compile_mlir: CompileMlir) -> Path:
    """`@abs` of 16 floats, for llvm-cpu: an embedded ELF inside."""
    return compile_mlir(ABS_MLIR, *LLVM_CPU_FLAGS, name="abs_module")


@pytest.fixture(scope="session")
def pipeline_vmfb(compile_mlir: CompileMlir) -> Path:
    """A module without kernels that imports from two others."""
    return compile_mlir(PIPELINE_MLIR, *VMVX_FLAGS, name="pipeline")


@pytest.fixture(scope="session")
def pipeline_async_vmfb(compile_mlir: CompileMlir) -> Path:
    """The same, with fences."""
    return compile_mlir(PIPELINE_MLIR, *VMVX_FLAGS, *ASYNC_FLAGS, name="pipeline_async")
