"""What `--version` prints."""

from __future__ import annotations

from gossamer.versions import BYTECODE_VERSION, IREE_VERSION, PACKAGE_VERSION


def version_text(program: str) -> str:
    """One line: the command, our version, and what it is compatible with."""
    bytecode = "{}.{}".format(*BYTECODE_VERSION)
    return (
        f"{program} (Gossamer) {PACKAGE_VERSION}, VM bytecode {bytecode}, compatible with IREE {IREE_VERSION}"
    )
