"""Parameter indices as text: the table that `iree-dump-parameters` prints."""

from __future__ import annotations

from gossamer.format.parameters.entries import FileRange, ParameterEntry
from gossamer.format.parameters.index import ParameterIndex

_BAR = "//===" + "-" * 110 + "===//\n"
_HEADINGS = (
    f"//==={'-' * 12}+{'-' * 18}+{'-' * 18}+{'-' * 59}===//\n"
    "//         Start |              End |           Length | Key\n"
    f"//{'-' * 15}+{'-' * 18}+{'-' * 18}+{'-' * 62}//\n"
)


def index_text(index: ParameterIndex, scope: str = "") -> str:
    """Table of entries in order, as IREE 3.13.0 prints it.

    Args:
        scope: name of the index, empty for the one without a name.
    """
    name = f"`{scope}`" if scope else "<global>"
    total = sum(entry.length for entry in index)
    title = f"// Parameter scope {name} ({len(index)} entries, {total} total bytes)\n"
    return _BAR + title + _HEADINGS + "".join(map(_row, index)) + "\n"


def _row(entry: ParameterEntry) -> str:
    storage = entry.storage
    if isinstance(storage, FileRange):
        start, end = f"{storage.offset:16}", f"{storage.offset + entry.length:16}"
    else:
        start, end = f"{'-':>16}", f"{'-':>16}"
    return f"{start} | {end} | {entry.length:16} | `{entry.key}`\n"
