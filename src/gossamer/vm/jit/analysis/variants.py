"""The copies of blocks that a function is emitted with: its body, and two of each planned loop.

    blocks of the function          variants

    entry                           0 body                 entry, exit
    loop i                          1   fast copy of i       header and blocks of i, k left out
      loop k                        3     fast copy of k
    exit                            4     checked copy of k
                                    2   checked copy of i    all of i, k too: with all checks

A block is emitted once for each variant that has it as its own. Jumps into a planned loop go to the code that
decides which copy runs; jumps out of a copy go to the variant around it that has their target (`holder`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gossamer.vm.jit.analysis.interchange import Interchange, find_interchanges
from gossamer.vm.jit.analysis.loops import Loop, immediate_dominators
from gossamer.vm.jit.analysis.versioning import LoopPlan, plan_loops
from gossamer.vm.typed.ssa import Operation, SsaFunction


@dataclass(eq=False, slots=True)
class LoopCopies:
    """The copies of one planned loop.

    Attributes:
        fast: without checks, for buffers that do not overlap.
        checked: with all checks, as bytecode says. Code size and compile time matter here, speed does not.
    """

    plan: LoopPlan
    fast: Variant
    checked: Variant


@dataclass(eq=False, slots=True)
class Variant:
    """One copy of a set of blocks.

    Attributes:
        number: distinct in its function.
        parent: what it is inside of.
        loop: the loop that it copies; None for the function's body.
        unchecked: accesses that need no check.
        scopes: header parameter of each access whose buffer overlaps no other parameter's.
        is_checked_copy: it is the slow copy of its loop.
        loops: copies of the planned loops directly inside, by header.
        interchanges: loops directly inside that run the other way round, by header.
    """

    number: int
    parent: Variant | None = None
    loop: Loop | None = None
    unchecked: frozenset[Operation] = frozenset()
    scopes: dict[Operation, int] = field(default_factory=dict[Operation, int])
    is_checked_copy: bool = False
    loops: dict[int, LoopCopies] = field(default_factory=dict[int, LoopCopies])
    interchanges: dict[int, Interchange] = field(default_factory=dict[int, Interchange])

    def holder(self, block: int) -> Variant:
        """The innermost variant around this one, itself included, that has a copy of a block."""
        variant = self
        while variant.loop is not None and block not in variant.loop.blocks:
            assert variant.parent is not None
            variant = variant.parent
        return variant

    def own_blocks(self, function: SsaFunction) -> list[int]:
        """Blocks that it has a copy of and no loop inside it has."""
        inner = {block for each in self.interchanges.values() for block in each.values.loop.blocks}
        for copies in self.loops.values():
            inner |= copies.plan.loop.blocks
        outer = range(len(function.blocks)) if self.loop is None else sorted(self.loop.blocks)
        return [index for index in outer if index not in inner and function.blocks[index].is_reachable]


def make_variants(function: SsaFunction) -> list[Variant]:
    """All variants of a function, each after the one it is inside of; the first is the body."""
    dominators = immediate_dominators([[edge.target for edge in block.edges] for block in function.blocks])
    variants: list[Variant] = []

    def make(parent: Variant | None, loop: Loop | None) -> Variant:
        variant = Variant(len(variants), parent, loop)
        variants.append(variant)
        return variant

    def add_loops(variant: Variant, plans: dict[int, LoopPlan]) -> None:
        for header, plan in plans.items():
            fast = make(variant, plan.loop)
            fast.unchecked = variant.unchecked | plan.unchecked
            fast.scopes = plan.roots if plan.disjoint else variant.scopes
            known = {
                operation: root for operation, root in fast.scopes.items() if operation in fast.unchecked
            }
            fast.interchanges = find_interchanges(function, plan.loop, dominators, known)
            add_loops(fast, plan.children)
            checked = make(variant, plan.loop)
            checked.unchecked = variant.unchecked
            checked.scopes = variant.scopes
            checked.is_checked_copy = True
            variant.loops[header] = LoopCopies(plan, fast, checked)

    add_loops(make(None, None), plan_loops(function))
    return variants
