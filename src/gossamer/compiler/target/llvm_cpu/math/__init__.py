"""Mathematical functions in arithmetic, branch-free, so that loops around them become vector code.

In: a module of `math` operations on scalars. Out: the same with `arith` operations in place of those that
processors have no instruction for. f32 is computed in f64, with as many terms as f32 needs: what is rounded
to f32 then is right to within little more than half a unit in the last place.
"""

from gossamer.compiler.target.llvm_cpu.math.expansion import expand_math

__all__ = ["expand_math"]
