"""A typed function → Python text.

Registers become locals, blocks become nested `if`s and a dispatch loop (see `control_flow`). What belongs
to a state (imports, other functions, globals, rodata) is reached through global names such as `import_3`,
which `python` binds. The blocking form calls everything directly; the generator form yields wherever
bytecode may wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from gossamer.errors import STATUS_CODE_MASK
from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.limits.scope import check_limits, interrupts
from gossamer.vm.translate.arguments import argument_text, group_arguments
from gossamer.vm.translate.control_flow import plan_control_flow
from gossamer.vm.translate.inline_calls import InlineCalls, InlineForms
from gossamer.vm.translate.module_facts import ModuleFacts
from gossamer.vm.translate.python_operations import Names, condition_text, expression_text
from gossamer.vm.translate.python_state import statement_texts
from gossamer.vm.typed.access import callee_convention
from gossamer.vm.typed.expression import Expression, Literal
from gossamer.vm.typed.typed_function import Edge, Moves, TypedBlock, TypedFunction, TypedInstruction

INDENT = "    "
FUNCTION_NAME = "translated"


@dataclass(frozen=True, slots=True)
class PythonSource:
    """Text of one function.

    Attributes:
        text: a module of one `def`.
        constants: objects behind global names that are the same for every state.
        required: global names of things that belong to a state.
        line_offsets: byte offset of the instruction that a line belongs to; line 1 is index 1.
    """

    text: str
    constants: Mapping[str, object]
    required: frozenset[str]
    line_offsets: tuple[int, ...]


def emit_python(
    function: TypedFunction, facts: ModuleFacts, forms: InlineForms, *, is_generator: bool = False
) -> PythonSource:
    """Write a function as Python text."""
    return _Emitter(function, facts, forms, is_generator).run()


class _Emitter:
    def __init__(
        self, function: TypedFunction, facts: ModuleFacts, forms: InlineForms, is_generator: bool
    ) -> None:
        self.function = function
        self.facts = facts
        self.is_generator = is_generator
        self.names = Names()
        self.inline = InlineCalls(function, forms, self.names)
        self.flow = plan_control_flow(function)
        self.lines: list[str] = []
        self.line_offsets: list[int] = [0]
        self.offset = 0
        self.block = 0

    def run(self) -> PythonSource:
        self.line(0, f"def {FUNCTION_NAME}({', '.join(self.function.arguments)}):")
        self.line(1, "try:")
        if self.is_generator:
            self.line(2, "if False: yield")
        self.moves(2, self.function.entry_moves)
        labels = self.flow.labels
        if 0 in labels:
            self.select_label(2, 0)
        else:
            self.tree(2, 0)
        if len(labels) == 1:
            self.line(2, "while True:")
            self.tree(3, next(iter(labels)))
        elif labels:
            self.line(2, "while True:")
            self.dispatch(3, [index for index, _ in sorted(labels.items(), key=lambda item: item[1])])
        self.line(1, "except Exception as error:")
        self.line(2, "located(error)")
        self.line(2, "raise")
        text = "\n".join(self.lines) + "\n"
        names = self.names
        return PythonSource(text, names.constants, frozenset(names.required), tuple(self.line_offsets))

    def line(self, depth: int, text: str) -> None:
        self.lines.append(INDENT * depth + text)
        self.line_offsets.append(self.offset)

    def dispatch(self, depth: int, blocks: Sequence[int]) -> None:
        """Run the block whose number is in `block`: halves of the range are tried first."""
        if len(blocks) == 1:
            self.tree(depth, blocks[0])
            return
        middle = len(blocks) // 2
        self.line(depth, f"if block < {self.flow.labels[blocks[middle]]}:")
        self.dispatch(depth + 1, blocks[:middle])
        self.line(depth, "else:")
        self.dispatch(depth + 1, blocks[middle:])

    def tree(self, depth: int, index: int) -> None:
        """Write a block and the blocks that only it leads to."""
        next_block: int | None = index
        while next_block is not None:
            self.block = next_block
            block = self.function.blocks[next_block]
            if next_block in self.flow.labels:
                self.inline.facts.clear()
            self.inline.enter_block(block)
            condition = self.body(depth, block)
            self.offset = block.terminator.offset
            next_block = self.terminator(depth, block.terminator, condition)

    def body(self, depth: int, block: TypedBlock) -> str | None:
        """Write a block but its terminator; a comparison only that needs is returned as its condition."""
        instructions = block.instructions[:-1]
        condition = _fused_condition(self.function, block, self.names)
        if condition is not None:
            instructions = instructions[:-1]
        for instruction in instructions:
            self.offset = instruction.offset
            self.instruction(depth, instruction)
        return condition

    def instruction(self, depth: int, instruction: TypedInstruction) -> None:
        if instruction.name.startswith("call"):
            self.call(depth, instruction)
        else:
            operands = self.texts(instruction.inputs)
            for text in statement_texts(self.facts, instruction, operands, self.names):
                self.line(depth, text)
        if instruction.name != "switch.ref":
            self.release(depth, instruction)
        self.inline.follow(instruction)

    def release(self, depth: int, instruction: TypedInstruction) -> None:
        if instruction.released:
            self.line(depth, " = ".join([*instruction.released, "None"]))

    def texts(self, expressions: Sequence[Expression]) -> list[str]:
        return [expression_text(expression, self.names) for expression in expressions]

    def call(self, depth: int, instruction: TypedInstruction) -> None:
        ordinal, segments = cast("tuple[int, tuple[int, ...] | None]", instruction.immediates)
        convention = callee_convention(self.function.module, ordinal)
        grouped = group_arguments(convention, segments, self.texts(instruction.inputs))
        arguments = [argument_text(argument) for argument in grouped]
        number = ordinal & ~IMPORT_BIT
        name = f"import_{number}" if ordinal & IMPORT_BIT else f"function_{number}"
        may_wait = (
            instruction.name.endswith("yieldable") if ordinal & IMPORT_BIT else number in self.facts.waiting
        )
        if self.is_generator and may_wait:
            call = f"(yield from {self.names.state('resumable_' + name)}({', '.join(arguments)}))"
        else:
            call = f"{self.names.state(name)}({', '.join(arguments)})"
        for text in self.inline.texts(instruction, call):
            self.line(depth, text)

    def terminator(self, depth: int, instruction: TypedInstruction, condition: str | None) -> int | None:
        """Write a terminator; returns the block that follows on the same level, if one does."""
        name, edges = instruction.name, instruction.edges
        if name == "return":
            self.line(depth, f"return {', '.join(self.texts(instruction.inputs))}".rstrip())
            return None
        if name == "fail":
            return self.fail(depth, instruction)
        if name == "cond_br":
            return self.branch(depth, condition or self.texts(instruction.inputs)[0], *edges)
        if name == "br_table":
            return self.table(depth, self.texts(instruction.inputs)[0], edges)
        if name.startswith("call"):
            self.instruction(depth, instruction)
        elif name == "yield" and self.is_generator:
            self.line(depth, f"yield {self.names.state('READY')}")
        return self.jump(depth, edges[0])

    def fail(self, depth: int, instruction: TypedInstruction) -> int | None:
        status = self.texts(instruction.inputs)[0]
        message = instruction.immediates[0]
        failure = f"raise {self.names.state('failure')}({status}, {message!r})"
        if not instruction.edges:
            self.line(depth, failure)
            return None
        self.line(depth, f"if {status} & {STATUS_CODE_MASK}: {failure}")
        return self.jump(depth, instruction.edges[0])

    def branch(self, depth: int, condition: str, taken: Edge, other: Edge) -> int | None:
        if other.target in self.flow.closed:
            self.line(depth, f"if not ({condition}):")
            self.nested(depth + 1, other)
            return self.jump(depth, taken)
        self.line(depth, f"if {condition}:")
        self.nested(depth + 1, taken)
        if taken.target in self.flow.closed:
            return self.jump(depth, other)
        self.line(depth, "else:")
        self.nested(depth + 1, other)
        return None

    def table(self, depth: int, index: str, edges: Sequence[Edge]) -> int | None:
        default, *cases = edges
        for number, case in enumerate(cases):
            self.line(depth, f"{'if' if number == 0 else 'elif'} {index} == {number}:")
            self.nested(depth + 1, case)
        if not cases:
            return self.jump(depth, default)
        self.line(depth, "else:")
        self.nested(depth + 1, default)
        return None

    def nested(self, depth: int, edge: Edge) -> None:
        count, block = len(self.lines), self.block
        known = self.inline.facts.save()
        following = self.jump(depth, edge)
        if following is not None:
            self.tree(depth, following)
        self.block = block
        if len(self.lines) == count:
            self.line(depth, "pass")
        self.inline.facts.restore(known)

    def jump(self, depth: int, edge: Edge) -> int | None:
        """Make the copies of a jump; returns its target if that follows here."""
        self.moves(depth, edge.moves)
        if edge.target not in self.flow.labels:
            return edge.target
        if edge.target <= self.block:
            # A turn of a loop: the only place where a function may go on without end.
            self.names.constants.update(interrupts=interrupts, check_limits=check_limits)
            self.line(depth, "if interrupts[0]: check_limits()")
        self.select_label(depth, edge.target)
        return None

    def select_label(self, depth: int, target: int) -> None:
        if len(self.flow.labels) > 1:
            self.line(depth, f"block = {self.flow.labels[target]}")

    def moves(self, depth: int, moves: Moves) -> None:
        if moves:
            targets = ", ".join(local for local, _ in moves)
            self.line(depth, f"{targets} = {', '.join(self.texts([source for _, source in moves]))}")
            self.inline.facts.follow_moves(moves)


def _fused_condition(function: TypedFunction, block: TypedBlock, names: Names) -> str | None:
    """Condition of a branch whose comparison comes just before it and that nothing else reads."""
    if len(block.instructions) < 2 or block.terminator.name != "cond_br":
        return None
    comparison, branch = block.instructions[-2:]
    if comparison.results != branch.inputs or comparison.released:
        return None
    result = comparison.results[0]
    for edge in branch.edges:
        written = {local for local, _ in edge.moves}
        if result in function.blocks[edge.target].parameters and result not in written:
            return None
        if any(_reads(source, result) for _, source in edge.moves):
            return None
    return condition_text(comparison.name, [expression_text(value, names) for value in comparison.inputs])


def _reads(expression: Expression, local: str) -> bool:
    if isinstance(expression, str):
        return expression == local
    return not isinstance(expression, Literal) and any(_reads(value, local) for value in expression.operands)
