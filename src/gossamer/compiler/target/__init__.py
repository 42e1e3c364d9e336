"""Targets: what dispatches are compiled for, one folder each.

In: executables of the flow phase. Out: executables in a format that a device loads.
Next: `compiler/host` embeds them. Mirrors `iree/compiler/Dialect/HAL/Target`.
"""
