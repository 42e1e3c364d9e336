"""Compares PyTorch's table with eager PyTorch: `python check_torch_table.py [--target=TARGET] [TYPE...]`.

Prints each row that is wrong, or refused with its reason, and counts. The exit code is 1 where one is wrong.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false, reportUntypedBaseClass=false
# pyright: reportUnknownParameterType=false, reportMissingModuleSource=false
# PyTorch is an optional extra.

from __future__ import annotations

import multiprocessing
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from check_table import options
from table_report import print_outcomes, read_arguments
from torch_operations import TYPES, TorchRow, torch_rows

import gossamer

_PROCESSES = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class TorchVerdict:
    """Of a row: what is wrong with it, or why it is refused; both empty where it is right."""

    row: TorchRow
    wrong: str = ""
    refused: str = ""


class _Rows(torch.nn.Module):
    """All rows as one program."""

    def __init__(self, rows: list[TorchRow]) -> None:
        super().__init__()
        self._rows = rows

    def forward(self, *arguments: Any) -> Any:
        remaining = iter(arguments)
        return tuple(row.function(*(next(remaining) for _ in row.arguments)) for row in self._rows)


def check(all_rows: Iterable[TorchRow], target: str = "vmvx") -> Iterator[TorchVerdict]:
    """Compile rows that eager PyTorch knows as one program, or each half by itself where that fails."""
    known: list[tuple[TorchRow, Any]] = []
    for row in all_rows:
        try:
            known.append((row, row.function(*row.arguments)))
        except (RuntimeError, NotImplementedError):
            continue  # PyTorch does not define it on a CPU
    yield from _check(known, target)


def _check(known: list[tuple[TorchRow, Any]], target: str) -> Iterator[TorchVerdict]:
    if not known:
        return
    answer = _in_child(known, target)
    if isinstance(answer, list):
        yield from (TorchVerdict(row, wrong=wrong) for (row, _), wrong in zip(known, answer, strict=True))
    elif len(known) == 1:
        yield TorchVerdict(known[0][0], refused=answer)
    else:
        half = len(known) // 2
        yield from _check(known[:half], target)
        yield from _check(known[half:], target)


def _in_child(known: list[tuple[TorchRow, Any]], target: str) -> list[str] | str:
    """What is wrong with each row, or why there is no program; a process that ends early is a reason too."""
    receiver, sender = _PROCESSES.Pipe(duplex=False)
    child = _PROCESSES.Process(target=lambda: sender.send(_compare(known, target)))
    child.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        child.join()
        return f"the compiler's process ended with {child.exitcode}"
    finally:
        child.join()


def _compare(known: list[tuple[TorchRow, Any]], target: str) -> list[str] | str:
    arguments = [argument for row, _ in known for argument in row.arguments]
    try:
        exported = torch.export.export(_Rows([row for row, _ in known]), tuple(arguments))
        module = gossamer.compile(exported, options=options(target))
    except Exception as error:  # whatever exporters raise
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        results = pipeline.main.main(*(_to_numpy(argument) for argument in arguments))
    found = results if isinstance(results, tuple | list) else [results]
    pairs = zip(known, found, strict=True)
    return [difference(row, np.asarray(result), expected) for (row, expected), result in pairs]


def _to_numpy(tensor: Any) -> Any:
    if tensor.dtype != torch.bfloat16:
        return tensor.numpy()
    import ml_dtypes

    return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)


def difference(row: TorchRow, found: Any, tensor: Any) -> str:
    """The first element that differs, in words; empty where all are right."""
    expected = _to_numpy(tensor)
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return f"{found.dtype}{found.shape} in place of {expected.dtype}{expected.shape}"
    wide_found, wide_expected = (
        (found, expected)
        if expected.dtype.kind in "biu"
        else (found.astype(np.float64), expected.astype(np.float64))
    )
    with np.errstate(invalid="ignore", over="ignore"):
        same = wide_found == wide_expected
        if tensor.dtype.is_floating_point:
            limit = row.ulps * np.abs(wide_expected) * torch.finfo(tensor.dtype).eps
            same |= np.isnan(wide_found) & np.isnan(wide_expected)
            same |= np.abs(wide_found - wide_expected) <= limit
            # Numbers below the normal ones may count as zero.
            tiny = torch.finfo(tensor.dtype).tiny
            same |= (np.abs(wide_found) < tiny) & (np.abs(wide_expected) < tiny)
    wrong = np.flatnonzero(~same)
    if not wrong.size:
        return ""
    first = wrong[0]
    operands = [_to_numpy(a).ravel()[first] for a in row.arguments if a.numel() == found.size]
    return f"{operands}: {found.ravel()[first]}, expected {expected.ravel()[first]} ({wrong.size} such)"


def main(arguments: list[str]) -> int:
    """Print verdicts. Returns: the exit code."""
    warnings.simplefilter("ignore")
    target, names = read_arguments(arguments)
    return print_outcomes(
        (verdict.row.name, verdict)
        for left in TYPES
        if not names or str(left).removeprefix("torch.") in names
        for right in TYPES
        for verdict in check(torch_rows(left, right), target)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
