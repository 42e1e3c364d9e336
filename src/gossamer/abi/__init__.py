"""What compiler and runtime spell alike: calling conventions, declarations, element types, flags.

In: strings and numbers as files and bytecode carry them. Out: the values they stand for.
Next: `compiler` writes them, `vm`, `hal` and `modules` read them. Mirrors `iree/vm/module.h` and
`iree/hal/buffer.h`.
"""
