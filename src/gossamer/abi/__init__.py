"""What compiler and runtime spell alike: modules that every runtime brings, declarations, types, flags.

In: strings and numbers as files and bytecode carry them. Out: the values they stand for.
Next: `compiler` writes them, `vm`, `hal` and `modules` read them. Mirrors `iree/vm/module.h`,
`iree/hal/buffer.h` and the `exports.inl` of IREE's modules.
"""
