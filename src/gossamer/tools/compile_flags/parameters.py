"""Flags about weights that are not in the module: each with the field of `CompileOptions` that it sets."""

from __future__ import annotations

from gossamer.tools.compile_flags.flag_rows import PARAMETER_GROUP
from gossamer.tools.compile_flags.parser import Flag


def _byte_count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"'{text}' is no number of bytes")
    return int(text)


PARAMETERS: tuple[tuple[str, Flag], ...] = (
    *(
        (
            "parameter_export",
            Flag(name, "Moves weights to an .irpa file: [scope=]file.", PARAMETER_GROUP, "file"),
        )
        for name in ("iree-parameter-export", "iree-opt-export-parameters")
    ),
    (
        "parameter_export_minimum_size",
        Flag(
            "iree-parameter-export-minimum-size",
            "Bytes from which on weights move; constants of functions from 256 on.",
            PARAMETER_GROUP,
            "bytes",
            convert=_byte_count,
        ),
    ),
    (
        "parameter_import",
        Flag(
            "iree-parameter-import",
            "Archives that parameters get values from: [scope=]file.",
            PARAMETER_GROUP,
            "files",
            is_list=True,
        ),
    ),
    (
        "parameter_import_keys",
        Flag(
            "iree-parameter-import-keys",
            "Parameters that get them.",
            PARAMETER_GROUP,
            "keys",
            is_list=True,
        ),
    ),
    (
        "parameter_import_maximum_size",
        Flag(
            "iree-parameter-import-maximum-size",
            "Bytes up to which all parameters get them; 0 for those alone that are named.",
            PARAMETER_GROUP,
            "bytes",
            convert=_byte_count,
        ),
    ),
    (
        "parameter_splat",
        Flag("iree-opt-splat-parameters", "Older spelling.", PARAMETER_GROUP, "filename"),
    ),
    (
        "parameter_splat",
        Flag(
            "iree-parameter-splat",
            "Writes an .irpa file with zeros for every parameter the program loads.",
            PARAMETER_GROUP,
            "filename",
        ),
    ),
)
"""Each option field with the flag that sets it."""
