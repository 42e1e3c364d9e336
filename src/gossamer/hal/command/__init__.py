"""Recorded work: command buffers, what may be recorded, and the flat programs they become.

In: fills, copies, updates and dispatches on buffers or slots. Out: one block of records.
Next: a driver runs the records. Mirrors `iree/hal/command_buffer.h`.
"""
