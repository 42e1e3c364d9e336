"""Random functions keep their meaning through optimisation, register allocation and emission."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from vm_random_functions import Evaluator, random_module

from gossamer.compiler.vm.emit.module import emit_module
from gossamer.format.archive import write_module
from gossamer.vm.interpret.execution import Execution
from gossamer.vm.link.context import Context
from gossamer.vm.loading import ExecutorName, load_bytecode_module

_ARGUMENTS = ((0, 0), (7, -3), (-(1 << 31), 1 << 40))
_REFERENCE_RUNNER = """
import json, sys
from iree import runtime as rt

def run(path, values):
    module = rt.VmModule.copy_buffer(rt.VmInstance(), open(path, "rb").read())
    arguments, returned = rt.VmVariantList(2), rt.VmVariantList(2)
    for value in values:
        arguments.push_int(value)
    context = rt.VmContext(rt.VmInstance(), [module])
    context.invoke(module.lookup_function("run"), arguments, returned)
    return [returned.get_variant(0), returned.get_variant(1)]

print(json.dumps([run(*call) for call in json.load(open(sys.argv[1]))]))
"""


def _compile(seed: int, *, optimize: bool = True) -> tuple[bytes, list[tuple[object, ...]]]:
    """A random module, and the results of its calls."""
    module = random_module(seed)
    expected = [tuple(Evaluator(module).call("run", *arguments)) for arguments in _ARGUMENTS]
    return write_module(emit_module(module, optimize=optimize)), expected


@pytest.fixture
def _no_ref_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the interpreter check what a frame holds when it returns."""
    pop = Execution.pop

    def checked_pop(self: Execution, results: tuple[object, ...]) -> None:
        frame = self.stack[-1]
        left = [index for index, ref in enumerate(frame.refs) if ref is not None]
        assert left == [], f"{frame.function.name} returned with refs in {left}"
        pop(self, results)

    monkeypatch.setattr(Execution, "pop", checked_pop)


@pytest.mark.usefixtures("_no_ref_is_left_behind")
@pytest.mark.parametrize(
    ("executor", "optimize"), [("interpret", True), ("interpret", False), ("translate", True)]
)
def test_random_functions_compute_what_their_ir_means(executor: ExecutorName, optimize: bool) -> None:
    for seed in range(40):
        vmfb, expected = _compile(seed, optimize=optimize)
        run = Context([load_bytecode_module(vmfb, executor=executor)]).lookup("random.run").callable

        results = [run(*arguments) for arguments in _ARGUMENTS]

        assert results == expected, f"seed {seed}"


@pytest.mark.reference
def test_random_functions_run_in_the_reference_runtime(iree_bin: Path, tmp_path: Path) -> None:
    calls: list[tuple[str, tuple[int, int]]] = []
    expected: list[list[object]] = []
    for seed in range(60):
        vmfb, results = _compile(seed)
        path = tmp_path / f"{seed}.vmfb"
        path.write_bytes(vmfb)
        calls.extend((str(path), arguments) for arguments in _ARGUMENTS)
        expected.extend(list(result) for result in results)
    (tmp_path / "calls.json").write_text(json.dumps(calls))

    command = [str(iree_bin / "python"), "-c", _REFERENCE_RUNNER, str(tmp_path / "calls.json")]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert json.loads(output) == expected
