"""The system module `io_parameters`: tensors that programs load from files by scope and key.

In: calls of `io_parameters.*`, indices of parameters. Out: buffers, filled in queue order.
Next: `hal` moves the bytes. Mirrors `iree/modules/io/parameters` and `iree/io/parameter_index_provider.c`.
"""
