"""The conformance module: every table and every case, in one text."""

from __future__ import annotations

from dataclasses import dataclass

from conformance_cases import HEAD, Case, memory_cases
from conformance_collections import collection_cases
from conformance_control import CALLEE_TEXT, control_cases
from conformance_tables import Table, table_text, tables


@dataclass(frozen=True)
class ConformanceModule:
    """What is in the module, and its text."""

    tables: tuple[Table, ...]
    cases: tuple[Case, ...]
    text: str


def conformance_module() -> ConformanceModule:
    """Write the module; its last function is the private one that calls name."""
    all_tables = tables()
    simple = [*memory_cases(), *collection_cases()]
    # Why twice: how many cases there are does not depend on the ordinal that some of them name.
    callee = len(all_tables) + len(simple) + len(control_cases(0))
    cases = [*simple, *control_cases(callee)]
    parts = [
        HEAD,
        *(table_text(table) for table in all_tables),
        *(case.text() for case in cases),
        CALLEE_TEXT.format(ordinal=callee),
    ]
    return ConformanceModule(tuple(all_tables), tuple(cases), "".join(parts))
