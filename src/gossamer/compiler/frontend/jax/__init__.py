"""The frontend of JAX: functions with examples, `jax.stages.Lowered`, `jax.export.Exported`.

In: one of them. Out: an MLIR module in StableHLO, by way of text, which JAX's MLIR writes and the compiler's
reads. Next: `input`.
"""
