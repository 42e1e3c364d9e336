"""States of modules in C: one for each context, forked, saved, destroyed."""

from __future__ import annotations

import functools
import gc
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from c_compiler import CompileC
from kit_programs import functions_of, kit_pipeline, other_module

import gossamer
from gossamer.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    ResourceExhaustedError,
)
from gossamer.vm.link.link_errors import DuplicateModuleError
from gossamer.vm.objects.buffer import Buffer


def test_each_program_has_its_own(kit: Path) -> None:
    module = gossamer.load_native_module(kit, start=10)
    first, second = (gossamer.Pipeline([other_module(), module], device="local-sync") for _ in range(2))

    assert [first.count(), first.count(), second.count()] == [11, 12, 11]
    assert list(first.state) == []


def test_each_load_has_its_own_parameters(kit: Path) -> None:
    small, large = kit_pipeline(kit, start=0), kit_pipeline(kit, start=1000)

    assert (small.count(), large.count()) == (1, 1001)


def test_copies_of_a_file_are_modules_of_one_name(kit: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.so"
    shutil.copy(kit, copy)
    with pytest.raises(DuplicateModuleError, match="'kit'"):
        gossamer.Pipeline([other_module(), kit, copy], device="local-sync")

    first, second = kit_pipeline(kit), kit_pipeline(copy, start=5)
    assert (first.count(), second.count(), first.count()) == (1, 6, 2)


def test_a_fork_goes_on_from_the_present(kit: Path) -> None:
    original = kit_pipeline(kit)
    value = Buffer.wrap(b"kept")
    functions_of(original)("keep", value)
    original.count()
    fork = original.fork()

    assert [original.count(), original.count(), fork.count()] == [2, 3, 2]
    assert functions_of(fork)("kept") is value
    assert functions_of(fork)("call_with_span", None) == 50


def test_snapshots_are_restored(kit: Path) -> None:
    pipeline = kit_pipeline(kit)
    pipeline.count()
    snapshot = pipeline.state.snapshot()
    pipeline.count()
    pipeline.state.restore(snapshot)

    assert pipeline.count() == 2
    pipeline.state.restore(snapshot)
    assert pipeline.count() == 2


def test_snapshots_of_another_load_are_refused(kit: Path) -> None:
    one, other = kit_pipeline(kit), kit_pipeline(kit)
    with pytest.raises(InvalidArgumentError, match="snapshot is of another module than this 'kit'"):
        one.state.restore(other.state.snapshot())

    state = one.context.state("kit")
    one.close()
    for copy in (state.fork, state.snapshot):
        with pytest.raises(FailedPreconditionError, match="the state of module 'kit' is destroyed"):
            copy()


def test_everything_is_destroyed_once(compile_c: CompileC) -> None:
    own_copy = compile_c("kit.c", "-DCOPY")  # counts its own modules and states only
    watcher = kit_pipeline(own_copy)
    count_live = functools.partial(functions_of(watcher), "live")

    pipeline = kit_pipeline(own_copy)
    functions_of(pipeline)("keep", Buffer.wrap(b"kept"))
    fork = pipeline.fork()
    snapshot = fork.state.snapshot()
    assert count_live() == (2, 4)
    fork.close()
    fork.close()
    pipeline.close()
    assert count_live() == (2, 2)
    del pipeline, fork, snapshot
    dropped = kit_pipeline(own_copy)
    del dropped
    gc.collect()

    # What is garbage is destroyed in a thread of its own.
    deadline = time.monotonic() + 30
    while count_live() != (1, 1) and time.monotonic() < deadline:
        time.sleep(0.001)
    assert count_live() == (1, 1)


def test_a_closed_program_is_not_called(kit: Path) -> None:
    pipeline = kit_pipeline(kit)
    count, same = pipeline.count, pipeline.same
    pipeline.close()

    for function, values in ((count, ()), (same, (None,))):
        with pytest.raises(FailedPreconditionError, match="context is closed"):
            function(*values)


def test_parameters(kit: Path) -> None:
    with pytest.raises(NotFoundError, match="colour; in `create` of module 'kit'; loading native module at"):
        gossamer.load_native_module(kit, colour="red")
    with pytest.raises(InvalidArgumentError, match="parameter 'start' is None"):
        gossamer.load_native_module(kit, start=None)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="null character"):
        gossamer.load_native_module(kit, label="a\0b")


def test_a_state_that_cannot_be_made(kit: Path) -> None:
    with pytest.raises(ResourceExhaustedError, match="no state today; in `create_state` of module 'kit'"):
        kit_pipeline(kit, label="no state")


FLAGS = ('-DNAME="minimal"', "-DMAKE=NULL", "-DQUERY=gossamer_module_query")


def test_a_module_without_state(compile_c: CompileC) -> None:
    module = gossamer.load_native_module(compile_c("minimal.c", *FLAGS))
    pipeline = gossamer.Pipeline([module], device="local-sync")
    pipeline.state.restore(pipeline.state.snapshot())

    assert pipeline.fork().owned() == 0
    with pytest.raises(InvalidArgumentError, match="module 'minimal' takes no parameters, got a, b"):
        gossamer.load_native_module(module.source, a=1, b=2)


def test_state_that_cannot_be_copied(compile_c: CompileC) -> None:
    library = compile_c("minimal.c", '-DNAME="minimal"', "-DMAKE=make", "-DQUERY=gossamer_module_query")
    pipeline = gossamer.Pipeline([library], device="local-sync")

    assert pipeline.owned() == 1
    for copy in (pipeline.fork, pipeline.state.snapshot):
        with pytest.raises(FailedPreconditionError, match="module 'minimal' has state, but no `fork_state`"):
            copy()


def test_several_modules_in_a_file(compile_c: CompileC) -> None:
    library = compile_c("minimal.c", '-DNAME="second"', "-DMAKE=NULL", "-DQUERY=gossamer_second")

    assert gossamer.load_module(f"{library}@gossamer_second").name == "second"
    assert gossamer.load_native_module(library, symbol="gossamer_second").name == "second"
    with pytest.raises(NotFoundError, match="exports no function 'gossamer_module_query'"):
        gossamer.load_module(library)


def test_imports_can_be_called_from_init_on(compile_c: CompileC) -> None:
    library = compile_c("early.c", "-DEARLY=0")
    assert gossamer.Pipeline([other_module(), library], device="local-sync").seen() == 0

    with pytest.raises(InvalidArgumentError, match="import 0 is not bound; imports are bound after"):
        gossamer.Pipeline([other_module(), compile_c("early.c", "-DEARLY=1")], device="local-sync")


def test_a_process_ends_with_programs_open(kit: Path) -> None:
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
import numpy as np
from kit_programs import kit_pipeline
pipeline = kit_pipeline(Path({str(kit)!r}))
running = [pipeline.negate_later(np.ones(4, np.float32)) for _ in range(20)]
print(running[0].result(60))
"""
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)

    assert (completed.returncode, completed.stderr) == (0, "")
    assert completed.stdout == "[-1. -1. -1. -1.]\n"
