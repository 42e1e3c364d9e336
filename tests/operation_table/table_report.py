"""What the scripts of the tables take and print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class Outcome(Protocol):
    """Of a row: what is wrong with it, or why it is refused; both empty where it is right."""

    @property
    def wrong(self) -> str: ...

    @property
    def refused(self) -> str: ...


def read_arguments(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The backend, of `--target=`, and the names of types."""
    target = "vmvx"
    names: list[str] = []
    for argument in arguments:
        if argument.startswith("--target="):
            target = argument.removeprefix("--target=")
        else:
            names.append(argument)
    return target, names


def print_outcomes(outcomes: Iterable[tuple[str, Outcome]]) -> int:
    """Print, as they come, the rows that are not right, by name, and counts. Returns: the exit code."""
    counts = {"right": 0, "wrong": 0, "refused": 0}
    for name, outcome in outcomes:
        state = "wrong" if outcome.wrong else "refused" if outcome.refused else "right"
        counts[state] += 1
        if state != "right":
            print(f"{state}: {name}: {outcome.wrong or outcome.refused}", flush=True)
    print(", ".join(f"{count} {state}" for state, count in counts.items()))
    return 1 if counts["wrong"] else 0
