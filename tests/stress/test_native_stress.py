"""The native runner's stress under checkers, small; `native_stress.py` runs any amount of it."""

from __future__ import annotations

import platform
import shutil

import pytest
from native_stress import stress
from thread_checked_ir import check_threads

from gossamer.drivers.local.ir import sharing_ir

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or not shutil.which("gcc"), reason="needs gcc on x86-64"
)


def _stress(kind: str, *, rounds: int, repeats: int) -> int:
    return stress(kind, workers=8, submitters=3, rounds=rounds, repeats=repeats, seed=20261122)


def test_results_are_those_of_one_thread() -> None:
    assert _stress("plain", rounds=10, repeats=60) == 0


@pytest.mark.skipif(not shutil.which("valgrind"), reason="needs valgrind")
def test_memory_is_used_in_place_and_given_back() -> None:
    assert _stress("memcheck", rounds=4, repeats=5) == 0


def test_threads_do_not_race() -> None:
    assert _stress("threads", rounds=8, repeats=15) == 0


def test_the_thread_checker_sees_a_race(monkeypatch: pytest.MonkeyPatch) -> None:
    opens = "store atomic i64 %open, ptr %pool seq_cst"
    weaker = sharing_ir._SHARING.template.replace(opens, opens.replace("seq_cst", "monotonic"))
    assert weaker != sharing_ir._SHARING.template
    monkeypatch.setattr(sharing_ir._SHARING, "template", weaker)

    assert _stress("threads", rounds=4, repeats=20) != 0


def test_unknown_atomic_operations_are_refused() -> None:
    with pytest.raises(ValueError, match="no call for: fence seq_cst"):
        check_threads("  fence seq_cst")
