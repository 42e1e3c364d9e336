"""Runs one file of IREE's Python tests on our runtime: `python run_binding_tests.py FILE SITE_PACKAGES`.

`iree.runtime` is ours, `iree.compiler` that of the wheels in SITE_PACKAGES.
"""

from __future__ import annotations

import sys

import pytest

from gossamer.runtime import iree_alias


def main(file: str, site_packages: str) -> int:
    """Run the file's tests and print a line for each that does not pass."""
    # Why last: everything but `iree.compiler` is this environment's.
    sys.path.append(site_packages)
    iree_alias.install()
    return pytest.main(
        [file, "-q", "-rpfEs", "--tb=no", "-p", "no:cacheprovider", "-W", "ignore", "--noconftest"]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
