"""Runs modules in IREE's own VM: one process for any number of calls."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

RUNNER = """
import json, os, sys
import iree.runtime as runtime

def fill(buffer, data):
    view = memoryview(buffer)
    view[:] = data

def outcome(context, function, inputs):
    outputs = runtime.VmVariantList(1)
    try:
        context.invoke(function, inputs, outputs)
    except Exception as error:
        return str(error).split("; ")[0].rpartition(" ")[2]
    return outputs.get_variant(0) if outputs.size else None

def run_call(context, function, arguments):
    inputs = runtime.VmVariantList(len(arguments))
    for argument in arguments:
        inputs.push_int(argument)
    return outcome(context, function, inputs)

def run_table(context, function, table, length):
    source = runtime.VmBuffer(len(table), 64, True)
    target = runtime.VmBuffer(length, 64, True)
    fill(source, table)
    fill(target, bytes(length))
    inputs = runtime.VmVariantList(2)
    inputs.push_ref(source.ref)
    inputs.push_ref(target.ref)
    failed = outcome(context, function, inputs)
    return failed or bytes(memoryview(target)).hex()

work = json.load(sys.stdin)
instance = runtime.VmInstance()
hal = runtime.create_hal_module(instance, runtime.get_device("local-sync"))
results = []
for path, calls, tables in work:
    module = runtime.VmModule.copy_buffer(instance, open(path, "rb").read())
    context = runtime.VmContext(instance, modules=[hal, module])
    results.append([
        [run_call(context, module.lookup_function(name), arguments) for name, arguments in calls],
        [
            run_table(context, module.lookup_function(name), bytes.fromhex(table), length)
            for name, table, length in tables
        ],
    ])
print(json.dumps(results))
sys.stdout.flush()
# Why: the binding crashes where buffers are torn down together with the interpreter.
os._exit(0)
"""

Calls = list[tuple[str, tuple[int, ...]]]
Tables = list[tuple[str, bytes, int]]
Outcome = int | str | None
"""What a call returned, or the name of the status it failed with."""


def run_reference(
    iree_bin: Path, modules: list[tuple[Path, Calls, Tables]]
) -> list[tuple[list[Outcome], list[str]]]:
    """Run calls and tables of each module; tables give their output as hexadecimal text."""
    work = [
        (str(path), calls, [(name, table.hex(), length) for name, table, length in tables])
        for path, calls, tables in modules
    ]
    result = subprocess.run(
        [str(iree_bin / "python"), "-c", RUNNER],
        input=json.dumps(work),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise AssertionError(f"the reference failed ({result.returncode}):\n{result.stderr}")
    return [tuple(each) for each in json.loads(result.stdout)]
