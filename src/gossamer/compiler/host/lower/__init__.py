"""Host programs lowered to VM functions that call `hal.*`.

In: a scheduled `HostProgram`. Out: a VM module.
Next: `compiler/vm`. Mirrors `iree/compiler/Dialect/HAL/Conversion`.
"""
