"""What passes did, in numbers: `--mlir-pass-statistics`, laid out as MLIR's report is."""

from __future__ import annotations

from dataclasses import dataclass, field

from gossamer.compiler.options import StatisticsDisplay

_RULE = f"===-{'-' * 73}-==="


def report_title(text: str) -> str:
    """Three lines over a report, as LLVM's reports have them."""
    return f"{_RULE}\n{f'... {text} ...':^79}\n{_RULE}"


@dataclass(slots=True)
class PassCounts:
    """Counts for runs of a pass.

    Attributes:
        runs: how often it ran.
        changes: runs after which the program was another.
        lines: how many lines of text the program gained; below zero, how many it lost.
    """

    runs: int = 0
    changes: int = 0
    lines: int = 0

    def add(self, before: str, after: str) -> None:
        """Count a run by the program's text."""
        self.runs += 1
        self.changes += before != after
        self.lines += after.count("\n") - before.count("\n")

    def merge(self, other: PassCounts) -> None:
        """Add the counts of other runs."""
        self.runs += other.runs
        self.changes += other.changes
        self.lines += other.lines


@dataclass(slots=True)
class PassStatistics:
    """Counts for each pass in the order of their runs; runs one after another count together."""

    passes: list[tuple[str, PassCounts]] = field(default_factory=list[tuple[str, PassCounts]])

    def count(self, name: str, before: str, after: str) -> None:
        """Count a run of a pass."""
        if not self.passes or self.passes[-1][0] != name:
            self.passes.append((name, PassCounts()))
        self.passes[-1][1].add(before, after)

    def report(self, display: StatisticsDisplay) -> str:
        """Text of the report; a list is sorted and has each pass once."""
        passes = self.passes
        if display is StatisticsDisplay.LIST:
            merged: dict[str, PassCounts] = {}
            for name, counts in passes:
                merged.setdefault(name, PassCounts()).merge(counts)
            passes = sorted(merged.items())
        return "\n".join(
            [
                report_title("Pass statistics report"),
                *(f"{name}\n{_lines(counts)}" for name, counts in passes),
            ]
        )


def _lines(counts: PassCounts) -> str:
    rows = [
        (counts.runs, "runs", "Number of runs"),
        (counts.changes, "changes", "Number of runs that changed the program"),
        (counts.lines, "lines", "Number of lines of text that the program gained"),
    ]
    width = max(len(str(number)) for number, _, _ in rows)
    return "\n".join(f"  (S) {number:{width}} {name:7} - {text}" for number, name, text in rows)
