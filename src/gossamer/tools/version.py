"""What `--version` prints."""

from __future__ import annotations

from gossamer.format.module_def import BYTECODE_VERSION_MAJOR, BYTECODE_VERSION_MINOR

COMPATIBLE_IREE_VERSION = "3.13.0"


def version_text(program: str) -> str:
    """One line: the command, our version, and what it is compatible with."""
    # Why: this import takes longer than most commands, and few ask for their version.
    from importlib import metadata

    bytecode = f"{BYTECODE_VERSION_MAJOR}.{BYTECODE_VERSION_MINOR}"
    ours = metadata.version("gossamer")
    return (
        f"{program} (Gossamer) {ours}, VM bytecode {bytecode}, compatible with IREE {COMPATIBLE_IREE_VERSION}"
    )
