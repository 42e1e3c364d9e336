"""Progress of long compiles: a line of a terminal, gone at the end, and nothing elsewhere."""

from __future__ import annotations

import io
import time

import pytest

from gossamer.compiler import progress
from gossamer.compiler.progress import report_each, report_step, showing_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_where_a_compile_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_DELAY_S", 0.01)
    monkeypatch.setattr(progress, "_INTERVAL_S", 0.01)
    terminal = Terminal()
    with showing_progress(terminal):
        report_step("flow")
        time.sleep(0.1)
        report_step("executable-targets")
        for _ in report_each("kernel", ["a", "b"]):
            time.sleep(0.1)
    shown = terminal.getvalue()
    assert " s  flow\r" in shown
    assert " s  executable-targets, kernel 2 of 2\r" in shown
    assert shown.endswith("\r\x1b[K")


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["file", "short compile"])
def test_others_show_nothing(stream: io.StringIO) -> None:
    with showing_progress(stream):
        report_step("flow")
    assert stream.getvalue() == ""
