"""Compares two folders that `compile_corpus.py` wrote: `python tests/replay/compare.py OUT_A OUT_B`.

Prints a line for each file that differs, for modules with the parts of them that do, and how often each
part does. The exit code is 1 where anything differs.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from gossamer.errors import FormatError
from gossamer.format.archive import read_module
from gossamer.format.module_def import ModuleDef


def find_differences(path_a: Path, path_b: Path) -> list[str]:
    """What differs between two files of the same name, either of which may be missing."""
    if not (path_a.exists() and path_b.exists()):
        return [f"only in {'A' if path_a.exists() else 'B'}"]
    data_a, data_b = path_a.read_bytes(), path_b.read_bytes()
    if data_a == data_b:
        return []
    module_a, module_b = _read(data_a), _read(data_b)
    if module_a is None or module_b is None:
        return ["text"]
    parts_a, parts_b = _parts(module_a), _parts(module_b)
    return [name for name, part in parts_a.items() if part != parts_b[name]] or ["layout of the file"]


def _read(data: bytes) -> ModuleDef | None:
    try:
        return read_module(data)
    except FormatError:
        return None


def _parts(module: ModuleDef) -> dict[str, object]:
    """The tables by name, but for those that are told apart or together."""
    signatures = module.function_signatures
    segments = [bytes(segment.data) for segment in module.rodata_segments]
    grouped = {"function_signatures", "rodata_segments", "function_descriptors", "bytecode_data", "attrs"}
    others = [field.name for field in fields(module) if field.name not in grouped]
    return {
        "host bytecode": (module.function_descriptors, module.bytecode_data),
        "executables": [data for data in segments if _is_executable(data)],
        "rodata": [data for data in segments if not _is_executable(data)],
        "reflection": (module.attrs, [signature.attrs for signature in signatures]),
        "calling conventions": [signature.calling_convention for signature in signatures],
        **{name: getattr(module, name) for name in others},
    }


def _is_executable(data: bytes) -> bool:
    return data.startswith(b"\x7fELF") or _read(data) is not None


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare. Returns: the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out_a", type=Path)
    parser.add_argument("out_b", type=Path)
    options = parser.parse_args(arguments)
    names = {path.name for folder in (options.out_a, options.out_b) for path in folder.iterdir()}
    if not names:
        parser.error(f"{options.out_a} and {options.out_b} are empty")
    counts: Counter[str] = Counter()
    for name in sorted(names):
        differences = find_differences(options.out_a / name, options.out_b / name)
        if differences:
            print(f"{name}: {', '.join(differences)}")
        counts.update(differences)
    for difference, count in counts.most_common():
        print(f"{count:6} {difference}")
    print(f"{len(names)} files compared")
    return 1 if counts else 0


if __name__ == "__main__":
    sys.exit(main())
