"""Calls exports of VM modules: `python vmasm_calls.py PACKAGE`, PACKAGE being `iree.runtime` or ours.

Reads JSON from standard input: calls as [path of a module, function, kinds of its arguments as calling
conventions spell them]. Prints a line for each: its results, or the name of the status it fails with.
Integers passed are 8, so that functions which count to them end; references are empty lists. A call that
takes too long ends the process.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

_ARGUMENT = 8
_LIMIT_SECONDS = 3
_STATUS = re.compile(r"\b([A-Z][A-Z_]{3,});")
# Modules that the files import from: name, function, calling convention.
_IMPORTED = {
    "yieldable_test": (("yield_n", "0ii_i"), ("yield_variadic_sum", "0CiDi_i")),
    "native_import_module": (("add_1", "0i_i"),),
}


class Imported:
    """Stands for the C++ modules of IREE's own tests; it does not yield."""

    def __init__(self, _interface: Any) -> None:
        pass

    def yield_n(self, value: int, yields: int) -> int:
        return value + yields

    def yield_variadic_sum(self, values: Any, yields: int) -> int:
        return sum(values) + yields

    def add_1(self, value: int) -> int:
        return value + 1


def main(package: str) -> None:
    """Call everything and print."""
    rt = import_module(package)
    for path, function, kinds in json.load(sys.stdin):
        # Why: the default action ends the process wherever it is; processor time, as machines are busy.
        signal.setitimer(signal.ITIMER_PROF, _LIMIT_SECONDS)
        print(_call(rt, path, function, kinds), flush=True)


def _call(rt: Any, path: str, name: str, kinds: str) -> str:
    instance = rt.VmInstance()
    module = rt.VmModule.mmap(instance, path)
    context = rt.VmContext(instance, modules=[*_imported_modules(rt), module])
    arguments = _arguments(rt, kinds)
    results = rt.VmVariantList(8)
    try:
        context.invoke(module.lookup_function(name), arguments, results)
    except Exception as error:
        status = _STATUS.search(str(error))
        return status[1] if status else f"{type(error).__name__}: {str(error)!r}"
    values = [results.get_variant(index) for index in range(results.size)]
    return "OK" + "".join(f" {value if isinstance(value, int) else 'ref'}" for value in values)


def _imported_modules(rt: Any) -> list[Any]:
    modules: list[Any] = []
    for name, functions in _IMPORTED.items():
        interface = rt.PyModuleInterface(name, Imported)
        for function, convention in functions:
            # Why: IREE refuses modules of Python with functions that take any number of arguments.
            with suppress(ValueError):
                interface.export(function, convention, getattr(Imported, function))
        modules.append(interface.create())
    return modules


def _arguments(rt: Any, kinds: str) -> Any:
    arguments = rt.VmVariantList(len(kinds))
    for kind in kinds:
        if kind == "i":
            arguments.push_int(_ARGUMENT)
        elif kind == "r":
            arguments.push_ref(rt.VmVariantList(0))
    return arguments


if __name__ == "__main__":
    main(sys.argv[1])
