"""Runs command programs on the CPU: natively in one call, or record by record in Python.

In: programs of `hal/command`. Out: memory changed, or the failed record and its status.
Next: devices call it for each submission. Mirrors `iree/hal/local/inline_command_buffer.c` and `iree/task`.
"""
