"""Devices as everybody sees them, the memory they use and the order in which they work.

In: buffers, executables, recorded commands, fences. Out: memory changed, timelines advanced.
Next: `modules` offers it to VM programs as the module `hal`; `drivers` makes devices. What differs between
drivers is an interface here: `Device`, `Queue`, `Allocator`.
Mirrors `iree/hal`: one noun a file, with IREE's names.
"""
