"""Fixtures of the tests of VM conversion and emission."""

from __future__ import annotations

import pytest
from vm_programs import Programs


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Programs:
    """Compile and run functions on integers."""
    return Programs(
        tmp_path_factory.mktemp("programs"), lambda: request.getfixturevalue("iree_bin") / "python"
    )
