"""Builds the modules that the fuzzer mutates: our sources, by both compilers, for every kind of target.

    python tests/fuzz/module_corpus.py --output corpus [--iree .venv-iree/bin]

In: `sources/*.mlir` and the text of the conformance cases. Out: a folder of `.vmfb` files and `corpus.json`,
which names for each file the modules that are loaded before it. A source that a compiler does not take is
left out for that target; the summary says which.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import gossamer
from gossamer.errors import CompileError
from gossamer.format.archive import write_module
from gossamer.tools.assemble.module import assemble_module

SOURCES = Path(__file__).resolve().parent / "sources"
_CONFORMANCE = SOURCES.parent.parent / "conformance"
_BEFORE = {"front": "stateful", "host_calls": "host"}
"""What a source needs loaded before it: another source, or the Python module `host`."""

_ASYNC = "--iree-execution-model=async-external"
_LINK_SYSTEM = "--iree-llvmcpu-link-embedded=false"
OUR_TARGETS = ("ours", "ours_async")
IREE_TARGETS = {
    "vmvx": ("vmvx",),
    "vmvx_async": ("vmvx", _ASYNC),
    "llvm_cpu": ("llvm-cpu",),
    "llvm_cpu_async": ("llvm-cpu", _ASYNC),
    "system": ("llvm-cpu", _LINK_SYSTEM),
    "inline_static": ("vmvx-inline", "--iree-execution-model=inline-static"),
    "inline_vmvx": ("vmvx", "--iree-execution-model=inline-dynamic"),
    "inline_llvm_cpu": ("llvm-cpu", "--iree-execution-model=inline-dynamic"),
}
_CASES_OF_A_TEXT = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """One module of the corpus.

    Attributes:
        file: its name in the folder.
        before: files loaded before it, or `host` for the Python module of that name.
    """

    file: str
    before: tuple[str, ...] = field(default=())


def build_corpus(
    folder: Path,
    iree: Path | None,
    *,
    sources: Sequence[Path] = (),
    targets: Sequence[str] = (),
    texts: bool = True,
) -> tuple[list[Entry], list[str]]:
    """Fill a folder; the entries, and what was left out and why.

    Args:
        iree: folder of the reference implementation's tools, or None to do without.
        sources: which to compile; all by default.
        targets: which to compile for; all by default.
        texts: also assemble modules from text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries = [*_texts(folder)] if texts else []
    refused: list[str] = []
    for source in sources or sorted(SOURCES.glob("*.mlir")):
        for target in targets or (*OUR_TARGETS, *(IREE_TARGETS if iree else ())):
            name = f"{source.stem}.{target}.vmfb"
            if target in OUR_TARGETS:
                message = _compile_ours(source, folder / name, is_async=target.endswith("_async"))
            else:
                assert iree is not None
                message = _compile_theirs(iree / "iree-compile", IREE_TARGETS[target], source, folder / name)
            if message:
                refused.append(f"{name}: {message.splitlines()[0]}")
            else:
                entries.append(Entry(name, tuple(_before(source.stem, target))))
    (folder / "corpus.json").write_text(json.dumps([asdict(entry) for entry in entries], indent=1))
    return entries, refused


def read_corpus(folder: Path) -> list[Entry]:
    """Entries of a folder that `build_corpus` filled."""
    rows: list[dict[str, Any]] = json.loads((folder / "corpus.json").read_text())
    return [Entry(row["file"], tuple(row["before"])) for row in rows]


def _before(source: str, target: str) -> Iterator[str]:
    needed = _BEFORE.get(source)
    if needed is not None:
        yield needed if needed == "host" else f"{needed}.{target}.vmfb"


def _compile_ours(source: Path, output: Path, *, is_async: bool) -> str:
    try:
        output.write_bytes(gossamer.compile_text(source.read_text(), asynchronous=is_async))
    except CompileError as error:
        return str(error)
    return ""


def _compile_theirs(compiler: Path, target: tuple[str, ...], source: Path, output: Path) -> str:
    backend, *flags = target
    command = [str(compiler), "--iree-hal-target-device=local", *flags]
    command += [f"--iree-hal-local-target-device-backends={backend}", str(source), "-o", str(output)]
    result = subprocess.run(command, capture_output=True, text=True)
    return result.stderr.strip() or "refused" if result.returncode else ""


def _texts(folder: Path) -> Iterator[Entry]:
    """Modules assembled from text, with every operation of the VM between them."""
    sys.path.append(str(_CONFORMANCE))
    from conformance_cases import HEAD, memory_cases
    from conformance_collections import collection_cases
    from conformance_control import CALLEE_TEXT, control_cases

    # Why so many calls: a case that names the private function needs its ordinal, the last of its module.
    groups = [memory_cases(), collection_cases(), control_cases(0)]
    for number, cases in enumerate(groups):
        for start in range(0, len(cases), _CASES_OF_A_TEXT):
            count = len(cases[start : start + _CASES_OF_A_TEXT])
            chosen = (control_cases(count) if number == 2 else cases)[start : start + _CASES_OF_A_TEXT]
            text = "".join((HEAD, *(case.text() for case in chosen), CALLEE_TEXT.format(ordinal=count)))
            name = f"text_{number}_{start // _CASES_OF_A_TEXT}.assembled.vmfb"
            (folder / name).write_bytes(write_module(assemble_module(text)))
            yield Entry(name)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--iree", type=Path, help="folder with iree-compile")
    arguments = parser.parse_args()
    entries, refused = build_corpus(arguments.output, arguments.iree)
    print(f"{len(entries)} modules in {arguments.output}")
    print("\n".join(refused))
    return 0


if __name__ == "__main__":
    sys.exit(main())
