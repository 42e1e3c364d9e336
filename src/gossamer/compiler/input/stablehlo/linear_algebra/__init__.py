"""Routines of linear algebra as loops over whole matrices.

In: calls of LAPACK. Out: StableHLO and loops of `scf`.
Next: the library's lowering to linalg.
"""
