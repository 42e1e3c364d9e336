"""Operations of `iree_linalg_ext` in terms of linalg and of those few that kernels have families for.

In: a module as programs write it. Out: the same without `arg_compare`, `topk`, maps of indices, transforms of
Winograd's and attention. Next: the phase's check of what is supported.
"""

from gossamer.compiler.input.linalg_ext.lowering import lower_linalg_ext

__all__ = ["lower_linalg_ext"]
