"""Native executables: ELF libraries loaded and their kernels found.

In: bytes of ELF files from modules. Out: executables that command buffers dispatch.
Next: `runner` calls the kernels. Mirrors `iree/hal/local/elf` and `iree/hal/local/loaders`.
"""
