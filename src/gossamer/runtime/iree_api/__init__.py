"""IREE's Python runtime API: the names and signatures of `iree.runtime`, over Gossamer's own objects.

In: code written for `iree.runtime`. Out: what it expects back. `gossamer.runtime` exports these names.
Mirrors `runtime/bindings/python` of IREE 3.13.0. Where the reference raises ValueError, IndexError or
RuntimeError, so does this: every error class of `gossamer.errors` is one of them too. As a module this is
`iree.runtime._binding`, with the names that `iree.runtime` leaves out.
"""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "ArgumentPacker": "argument_packing",
    "clear_hal_driver_cache": "hal.driver",
    "create_hal_driver": "hal.driver",
    "get_cached_hal_driver": "hal.driver",
    "parse_flags": "flags",
}


def disable_leak_checker() -> None:
    """Nothing: only IREE's native binding reports objects that are alive when the process ends."""


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    runtime = import_module("gossamer.runtime")
    if name in runtime.__all__:
        return getattr(runtime, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
