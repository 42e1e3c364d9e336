"""Parameter files: named ranges of bytes that programs load weights from.

In: bytes of a `.irpa`, `.gguf`, `.safetensors`, `.npy` or `.npz` file. Out: a `ParameterIndex`, and back to a
`.irpa` file. Next: `modules/io_parameters` serves programs from an index.
Mirrors `iree/io` of IREE 3.13.0. Readers trust nothing: every offset, length and count is checked before it
is used, and what is wrong is a `FormatError`.
"""
