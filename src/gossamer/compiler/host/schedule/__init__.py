"""Scheduling: from host functions on tensors to host programs.

In: the flow phase's module, signatures. Out: a `HostProgram`: memory, submissions, waits, calls.
Next: `host/lower`. Mirrors `iree/compiler/Dialect/Stream/Transforms`.
"""
