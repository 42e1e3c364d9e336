"""A pytest plugin that adds to the corpus in `GOSSAMER_REPLAY_CORPUS` what the tests compile.

`-p record_compiles` records programs and flags of every compile in the tests' process, texts that tests of
single phases parse, and commands named `iree-compile`, whoever's they are.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from replay_corpus import VMVX_FLAGS, add_case, add_command

from gossamer.compiler import api, mlir, pipeline
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.source import Source
from gossamer.tools import iree_compile

_KEEPS_F64 = "--iree-input-demote-f64-to-f32=false"
_CORPUS = Path(os.environ["GOSSAMER_REPLAY_CORPUS"])


def _record_before(home: ModuleType, name: str, record: Callable[..., None]) -> None:
    """Have `record` called with the arguments of a function, wherever it has been imported to."""
    original = getattr(home, name)

    def recording(*arguments: object, **named: object) -> object:
        record(*arguments, **named)
        return original(*arguments, **named)

    for module in list(sys.modules.values()):
        if getattr(module, name, None) is original:
            setattr(module, name, recording)


def _record_compile(source: Source, options: CompileOptions) -> None:
    """To the end, whatever phase the options stop at."""
    add_case(
        _CORPUS,
        source.data,
        [
            *VMVX_FLAGS,
            f"--iree-execution-model={options.execution_model.value}",
            *([] if options.type_conversions else [_KEEPS_F64]),
            *(["--iree-opt-strip-assertions"] if options.strip_assertions else []),
        ],
    )


def _record_parse(text: str, *_: object, **__: object) -> None:
    # Why: single phases are tested with f64, too.
    add_case(_CORPUS, text.encode(), [*VMVX_FLAGS, _KEEPS_F64])


def _record_main(arguments: Sequence[str] | None = None) -> None:
    add_command(_CORPUS, arguments or (), Path.cwd())


def _record_process(event: str, details: tuple[object, ...]) -> None:
    if event != "subprocess.Popen":
        return
    _, command, folder, _ = details
    if isinstance(command, list) and Path(command[0]).name == "iree-compile":
        words = [str(word).replace("llvm-cpu", "vmvx") for word in command[1:]]
        add_command(_CORPUS, words, Path(str(folder or ".")))


_CORPUS.mkdir(parents=True, exist_ok=True)
assert api.compile_source is pipeline.compile_source  # imported, so that it is found
_record_before(pipeline, "compile_source", _record_compile)
_record_before(mlir, "parse_text", _record_parse)
_record_before(iree_compile, "main", _record_main)
sys.addaudithook(_record_process)
