"""Compiles MLIR functions on integers and runs them, in our VM and in the reference runtime."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.conversion.convert import convert_function, declare_function
from gossamer.compiler.vm.emit.module import emit_module
from gossamer.errors import StatusError
from gossamer.format.archive import write_module
from gossamer.vm.link.context import Context
from gossamer.vm.loading import ExecutorName, load_bytecode_module

Call = tuple[str, tuple[int, ...]]

_REFERENCE_RUNNER = """
import json, sys
from iree import runtime as rt

module_path, calls_path, results_path = sys.argv[1:]
module = rt.VmModule.copy_buffer(rt.VmInstance(), open(module_path, "rb").read())
context = rt.VmContext(rt.VmInstance(), [module])
results = []
for name, values in json.load(open(calls_path)):
    arguments, returned = rt.VmVariantList(len(values)), rt.VmVariantList(1)
    for value in values:
        arguments.push_int(value)
    try:
        context.invoke(module.lookup_function(name), arguments, returned)
        results.append(returned.get_variant(0) if returned.size else None)
    except Exception as error:
        results.append("error: " + str(error))
json.dump(results, open(results_path, "w"))
"""


def build(source: str, *, optimize: bool = True) -> ir.Module:
    """VM IR of all functions of MLIR text, each exported under its name."""
    parsed = mlir.parse_text(source)
    module = ir.Module("scalars")
    functions = list(parsed.body.operations)
    for function in functions:
        declare_function(function, module)
    for function in functions:
        converted = convert_function(function, module, is_public=True)
        module.exports[converted.name] = converted.name
    return module


@dataclass(frozen=True)
class Programs:
    """Ways to compile MLIR on integers and run it."""

    folder: Path
    reference_python: Callable[[], Path]

    def build(self, source: str, *, optimize: bool = True) -> bytes:
        """A `.vmfb` that exports all functions of MLIR text."""
        return write_module(emit_module(build(source), optimize=optimize))

    def run(self, vmfb: bytes, calls: Sequence[Call], executor: ExecutorName) -> list[object]:
        """Results of calls in our VM: an int, or the text of an error."""
        context = Context([load_bytecode_module(vmfb, executor=executor)])
        results: list[object] = []
        for name, values in calls:
            function = context.lookup(f"scalars.{name}")
            try:
                results.append(function.callable(*values))
            except StatusError as error:
                results.append(f"error: {error}")
        return results

    def run_reference(self, vmfb: bytes, calls: Sequence[Call]) -> list[object]:
        """Results of calls in the reference runtime, in the same form."""
        paths = [self.folder / name for name in ("scalars.vmfb", "calls.json", "results.json")]
        paths[0].write_bytes(vmfb)
        paths[1].write_text(json.dumps(calls))
        command = [str(self.reference_python()), "-c", _REFERENCE_RUNNER, *map(str, paths)]
        subprocess.run(command, check=True)
        return json.loads(paths[2].read_text())
