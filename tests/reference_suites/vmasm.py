"""Assembles IREE's VM tests with both assemblers and runs both results in both runtimes.

`python tests/reference_suites/vmasm.py CHECKOUT`; CHECKOUT is a checkout of IREE's sources, of the
version of the wheels in `.venv-iree`; `runtime/src/iree/vm` is enough. The files are `**/*.vmasm` there.
Each exported function has to end the same way four times, and as its name says: `fail_...` fails, the
others do not. The tables of both files have to be equal too. The exit code is 1 where something differs.

What IREE's own tests do in C++ and its Python binding cannot is run in our runtime alone: functions that
call one with a variable number of arguments, and those that yield, where `VmContext.invoke` of the wheels
does not end.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from gossamer.format.archive import read_module

_REPOSITORY = Path(__file__).resolve().parents[2]
_ASSEMBLERS = ("iree", "gossamer")
_PACKAGES = {"iree": "iree.runtime", "gossamer": "gossamer.runtime"}
# Why: made optional for IREE's runtime, so that the module loads.
_VARIADIC_IMPORT = "vm.import @yieldable_test.yield_variadic_sum"
_CALLS_VARIADIC = "test_call_variadic_yieldable_"
_NO_END = "does not end"
_Function = tuple[str, str]
_Outcomes = dict[_Function, str]


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--iree-bin", type=Path, default=_REPOSITORY / ".venv-iree" / "bin")
    arguments = parser.parse_args()
    sources = sorted((arguments.checkout / "runtime" / "src" / "iree" / "vm").rglob("*.vmasm"))
    with tempfile.TemporaryDirectory() as folder:
        return compare(sources, arguments.iree_bin, Path(folder))


def compare(sources: list[Path], iree_bin: Path, folder: Path) -> int:
    """Assemble, run and print.

    Args:
        sources: text assembly; file names differ.
        iree_bin: tools and Python of IREE's wheels.
        folder: where modules go.
    Returns: the exit code.
    """
    bins = {"iree": iree_bin, "gossamer": Path(sys.executable).parent}
    runs: dict[tuple[str, str], _Outcomes] = {}
    for assembler in _ASSEMBLERS:
        for runtime in _ASSEMBLERS:
            place = folder / f"{assembler}-{runtime}"
            modules = _assemble(bins[assembler], sources, place, runtime == "iree")
            runs[assembler, runtime] = _call_all(bins[runtime] / "python", _PACKAGES[runtime], modules)
    differences = [
        source.name
        for source in sources
        if len({_tables(folder / f"{a}-gossamer" / f"{source.stem}.vmfb") for a in _ASSEMBLERS}) > 1
    ]
    print(f"{len(sources) - len(differences)} of {len(sources)} files assemble to the same tables")
    differences += _compare_outcomes(runs)
    for difference in differences:
        print(f"DIFFERS: {difference}")
    return 1 if differences or not sources else 0


def _assemble(bin_folder: Path, sources: list[Path], folder: Path, make_optional: bool) -> list[Path]:
    folder.mkdir(parents=True)
    modules: list[Path] = []
    for source in sources:
        text = source.read_text()
        if make_optional:
            text = text.replace(_VARIADIC_IMPORT, _VARIADIC_IMPORT.replace("@", "optional @"))
        copy = folder / source.name
        copy.write_text(text)
        modules.append(copy.with_suffix(".vmfb"))
        subprocess.run([bin_folder / "iree-as-module", f"--output={modules[-1]}", copy], check=True)
    return modules


def _call_all(python: Path, package: str, modules: list[Path]) -> _Outcomes:
    calls = [call for path in modules for call in _calls(path)]
    outcomes: _Outcomes = {}
    script = Path(__file__).with_name("vmasm_calls.py")
    while calls:
        command = [python, script, package]
        done = subprocess.run(command, input=json.dumps(calls), stdout=subprocess.PIPE, text=True)
        lines = done.stdout.splitlines()
        if len(lines) < len(calls):
            lines.append(_NO_END)
        for (path, name, _), line in zip(calls, lines, strict=False):
            outcomes[Path(path).name, name] = line
        calls = calls[len(lines) :]
    return outcomes


def _calls(path: Path) -> Iterable[tuple[str, str, str]]:
    module = read_module(path.read_bytes())
    for export in module.exported_functions:
        convention = module.function_signatures[export.internal_ordinal].calling_convention
        yield str(path), export.local_name, convention[1:].partition("_")[0].replace("v", "")


def _tables(path: Path) -> str:
    module = read_module(path.read_bytes())
    segments = [bytes(segment.data) for segment in module.rodata_segments]
    tables = replace(module, rodata_segments=(), bytecode_data=b"")
    return repr((tables, segments, bytes(module.bytecode_data)))


def _compare_outcomes(runs: dict[tuple[str, str], _Outcomes]) -> list[str]:
    differences: list[str] = []
    alone: list[str] = []
    functions = runs["gossamer", "gossamer"]
    for file, name in functions:
        outcomes = {run: found.get((file, name), "is missing") for run, found in runs.items()}
        if name.startswith(_CALLS_VARIADIC) or outcomes["iree", "iree"] == _NO_END:
            outcomes = {run: outcome for run, outcome in outcomes.items() if run[1] != "iree"}
            alone.append(f"{file}:{name}")
        outcome = next(iter(outcomes.values()))
        if len({*outcomes.values()}) > 1 or name.startswith("fail_") == outcome.startswith("OK"):
            differences.append(f"{file}:{name}: {outcomes}")
    print(f"{len(functions) - len(differences)} of {len(functions)} functions agree")
    print(f"{len(alone)} of them run in Gossamer alone: {', '.join(alone)}")
    return differences


if __name__ == "__main__":
    sys.exit(main())
