"""Every row of the table is right; none is refused."""

from __future__ import annotations

import pytest
from check_table import check
from table_operations import rows
from table_types import ELEMENT_TYPES


@pytest.mark.parametrize("target", ["vmvx", "llvm-cpu"])
@pytest.mark.parametrize("name", ELEMENT_TYPES)
def test_all_operations_of_a_type(name: str, target: str) -> None:
    verdicts = list(check(rows(ELEMENT_TYPES[name]), target))

    assert [
        f"{verdict.row.name}: {verdict.wrong or verdict.refused}"
        for verdict in verdicts
        if verdict.wrong or verdict.refused
    ] == []
