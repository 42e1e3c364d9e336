"""The frontend of PyTorch: programs that `torch.export` made, as objects or `.pt2` files.

In: an `ExportedProgram`. Out: an MLIR module in the torch dialect; weights stay PyTorch's memory.
Next: `input`. Mirrors `iree.turbine.aot`.
"""
