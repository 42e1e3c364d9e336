"""Devices, the memory they use and the order in which they work.

In: buffers, executables, recorded commands, fences. Out: memory changed, timelines advanced.
Next: `modules` offers it to VM programs as the module `hal`; `drivers/local` runs kernels on this machine.
Mirrors `iree/hal`: one noun a file, with IREE's names.
"""
