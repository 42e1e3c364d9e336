"""The vocabulary of tensor programs: operations seen by what they mean, shapes, indices.

In: operations of linalg, tensor and iree_linalg_ext. Out: readable faces of them.
Next: `flow` fuses and cuts by it, `codegen` makes loops by it.
"""
