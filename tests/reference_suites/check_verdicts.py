"""Compiles check tests with IREE and runs them in either runtime."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from respell import respell

DEVICES = ("local-sync", "local-task")
NO_END = "does not end"
_TIMEOUT_SECONDS = 600
_RESULT = re.compile(r"\[ +(OK|FAILED) +\] ([^ ,]+)(?:, where .*)? \(\d+ ms\)")
_START = re.compile(r"\[ RUN +\] (\S+)")


@dataclass(slots=True)
class Verdicts:
    """Function -> what failed in it, "" where nothing did."""

    functions: dict[str, str] = field(default_factory=dict[str, str])
    error: str = ""


@dataclass(frozen=True, slots=True)
class Workbench:
    """Where the tools are, and the folder that keeps what they made.

    Attributes:
        iree_bin: tools and Python of IREE's wheels.
        cache: compiled modules and IREE's verdicts, by the hash of what they were made from.
        is_ours: our compiler compiles, every time.
    """

    iree_bin: Path
    cache: Path
    is_ours: bool = False

    def compile(self, source: Path, flags: Sequence[str]) -> tuple[Path, str]:
        """The module of a source, and the first error where IREE's compiler refuses it, respelled too."""
        text = source.read_text()
        module, refusal = self._compile(source, text, flags)
        if refusal and not self.is_ours and respell(text) != text:
            return self._compile(source, respell(text), flags)
        return module, refusal

    def _compile(self, source: Path, text: str, flags: Sequence[str]) -> tuple[Path, str]:
        key = hashlib.sha256("\0".join([text, *flags]).encode()).hexdigest()[:20]
        output = self.cache / f"{source.stem}-{key}.vmfb"
        refusal = output.with_suffix(".refused")
        if self.is_ours:
            output, refusal = output.with_suffix(".ours.vmfb"), output.with_suffix(".ours.refused")
            for kept in self.cache.glob(f"{output.stem}.*"):
                kept.unlink()
        if not output.exists() and not refusal.exists():
            copy, partial = output.with_suffix(".mlir"), output.with_suffix(".partial")
            copy.write_text(text)
            tools = Path(sys.executable).parent if self.is_ours else self.iree_bin
            command = [tools / "iree-compile", *flags, copy, "-o", partial]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                errors = [line for line in done.stderr.splitlines() if "error" in line]
                refusal.write_text((errors or [f"exit code {done.returncode}"])[0])
            else:
                partial.replace(output)
        return output, refusal.read_text() if refusal.exists() else ""

    def reference(self, module: Path, device: str) -> Verdicts:
        """What IREE's runtime says, kept for the next time."""
        kept = module.with_suffix(f".{device}.json")
        if kept.exists():
            return Verdicts(**json.loads(kept.read_text()))
        script = Path(__file__).with_name("reference_check.py")
        command = [str(self.iree_bin / "python"), str(script), str(module), device]
        verdicts = Verdicts()
        while True:
            done = _run([*command, *verdicts.functions])
            verdicts.error = _death(done)
            for line in done.stdout.splitlines():
                name, failures = json.loads(line)
                verdicts.functions[name] = NO_END if failures is None else "; ".join(failures)
            if not verdicts.error or not done.stdout:
                break
        kept.write_text(json.dumps({"functions": verdicts.functions, "error": verdicts.error}))
        return verdicts


def run_gossamer(module: Path, device: str) -> Verdicts:
    """What our iree-check-module says."""
    tool = Path(sys.executable).with_name("iree-check-module")
    done = _run([str(tool), f"--device={device}", f"--module={module}"])
    verdicts = Verdicts(error=_death(done))
    text: list[str] = []
    for line in done.stdout.splitlines():
        start, result = _START.match(line), _RESULT.match(line)
        if start:
            verdicts.functions[_local_name(start[1])] = "did not end"
            text = []
        elif result:
            passed = result[1] == "OK"
            verdicts.functions[_local_name(result[2])] = "" if passed else " ".join(text)[:300]
        else:
            text.append(line)
    if not verdicts.functions:
        verdicts.error = verdicts.error or (done.stdout + done.stderr)[-300:]
    return verdicts


def _local_name(full_name: str) -> str:
    return full_name.split(".", 1)[1]


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, -1, "", f"took more than {_TIMEOUT_SECONDS} s")


def _death(done: subprocess.CompletedProcess[str]) -> str:
    """Why a process did not end by itself, "" where it did."""
    return f"exit code {done.returncode}: {done.stderr[-300:]}" if done.returncode not in (0, 1) else ""
