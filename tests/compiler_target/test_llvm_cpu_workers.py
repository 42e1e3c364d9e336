"""Workers: what LLVM does not survive is an error with a reason, and the next request is answered."""

from __future__ import annotations

import pytest
from native_functions import BASELINE

from gossamer.compiler.target.llvm_cpu.machines import Machine
from gossamer.compiler.target.llvm_cpu.workers import Workers
from gossamer.errors import InternalError

GOOD = "define i32 @f() {\n  ret i32 7\n}\n"
# No processor has an instruction for it.
FATAL = 'define void @f() {\n  call void asm sideeffect "nonsense", ""()\n  ret void\n}\n'


@pytest.fixture
def workers():
    pool = Workers()
    yield pool
    pool.close()


def test_text_becomes_an_object(workers: Workers) -> None:
    assert bytes(workers.submit("compile_object", GOOD, BASELINE).result()).startswith(b"\x7fELF")


def test_the_same_text_becomes_the_same_object(workers: Workers) -> None:
    first, second = (workers.submit("compile_object", GOOD, BASELINE).result() for _ in range(2))

    assert first == second


def test_wrong_text_is_an_error_that_shows_where(workers: Workers) -> None:
    with pytest.raises(InternalError, match="expected value token"):
        workers.submit("compile_object", "define i32 @f() {\n  ret i32 #\n}\n", BASELINE).result()


def test_a_worker_that_llvm_ends_is_replaced(workers: Workers) -> None:
    with pytest.raises(InternalError, match=r"LLVM ended while it compiled a kernel: .+"):
        workers.submit("compile_object", FATAL, BASELINE).result()

    assert workers.submit("compile_object", GOOD, BASELINE).result()


def test_the_host_has_a_processor(workers: Workers) -> None:
    name, features = workers.submit("host_cpu").result()

    assert name
    assert "+" in features


def test_objects_are_for_the_machine_asked_for(workers: Workers) -> None:
    data = bytes(workers.submit("compile_object", GOOD, Machine("aarch64", "generic", "")).result())

    assert int.from_bytes(data[18:20], "little") == 183


def test_flags_of_llvm_are_those_of_a_pool(workers: Workers) -> None:
    intel = Workers(("--x86-asm-syntax=intel",))
    try:
        texts = [
            bytes(pool.submit("compilation_stages", (GOOD,), (), BASELINE).result()["s"])
            for pool in (workers, intel)
        ]
    finally:
        intel.close()

    assert [b"movl\t$7, %eax" in text for text in texts] == [True, False]
    assert b"mov\teax, 7" in texts[1]


@pytest.mark.parametrize("option", ["--sve-tail-folding=no-such", "--expand-variadics-override=no-such"])
def test_what_llvm_says_against_its_flags(option: str) -> None:
    pool = Workers((option,))
    try:
        assert "option" in pool.objection()
    finally:
        pool.close()


def test_what_llvm_prints_for_its_flags_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    pool = Workers(("--print-after=instcombine",))
    pool.submit("compile_object", GOOD, BASELINE).result()
    pool.close()

    assert "IR Dump After InstCombinePass on f" in capsys.readouterr().err
