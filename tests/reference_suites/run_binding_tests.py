"""Runs one file of IREE's Python tests on ours: `python run_binding_tests.py FILE SITE_PACKAGES`.

`iree.runtime` is ours. `iree.compiler` is that of the wheels in SITE_PACKAGES, or ours where that is "-".
A file without a test that pytest would find is run as it is.
"""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

from gossamer.runtime import iree_alias
from gossamer.tools.iree_api import alias


def main(file: str, site_packages: str) -> int:
    """Run the file's tests and print a line for each that does not pass."""
    if site_packages == "-":
        alias.install()
    else:
        # Why last: everything but `iree.compiler` is this environment's.
        sys.path.append(site_packages)
    iree_alias.install()
    if not re.search(r"\bTestCase\b|^def test_", Path(file).read_text(), re.MULTILINE):
        runpy.run_path(file, run_name="__main__")
        print(f"PASSED {file}")
        return 0
    return pytest.main(
        [file, "-q", "-rpfEs", "--tb=no", "-p", "no:cacheprovider", "-W", "ignore", "--noconftest"]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
