"""Full names of functions, `module.function`: either part may have dots of its own.

    "hal.buffer_view.create"   modules hal, demo          hal        buffer_view.create
    "speech.v2.encode"         modules speech.v2, demo    speech.v2  encode

In: a full name, and which modules are there, at least those with dots. Out: the two names.
"""

from __future__ import annotations

from collections.abc import Collection


def split_full_name(full_name: str, modules: Collection[str]) -> tuple[str, str]:
    """Names of module and function: the module is the longest of those that are there.

    Returns: what is before and after the first dot where none of the modules begins the name.
    """
    if modules:
        end = full_name.rfind(".")
        while end > 0:
            if full_name[:end] in modules:
                return full_name[:end], full_name[end + 1 :]
            end = full_name.rfind(".", 0, end)
    module_name, _, function_name = full_name.partition(".")
    return module_name, function_name
