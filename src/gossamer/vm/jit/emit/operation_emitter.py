"""Emits the operations and terminators of blocks; `function_emitter` has the rest of the function."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gossamer.errors import STATUS_CODE_MASK, StatusCode
from gossamer.vm.jit.analysis.variants import Variant
from gossamer.vm.jit.emit.scopes import ScopeMetadata
from gossamer.vm.jit.instructions.memory_operations import MEMORY_EMITTERS
from gossamer.vm.jit.instructions.ref_value import BufferNames, Names, component_types
from gossamer.vm.jit.instructions.rodata import rodata_buffer
from gossamer.vm.jit.instructions.supported import DIVISIONS
from gossamer.vm.jit.instructions.text import LLVM_TYPES, FunctionText
from gossamer.vm.jit.instructions.value_operations import emit_value_operation, is_value_operation
from gossamer.vm.typed.expression import Literal
from gossamer.vm.typed.ssa import Operation, SsaBlock, SsaEdge

if TYPE_CHECKING:
    from gossamer.vm.jit.emit.function_emitter import FunctionEmitter


class OperationEmitter:
    """Emits into the block in progress of a function emitter.

    Attributes:
        is_unchecked: the access in progress needs no check.
        metadata: attached to the access in progress.
    """

    def __init__(self, function: FunctionEmitter) -> None:
        self._function = function
        self._scopes = ScopeMetadata(function.text.module)
        self.text: FunctionText = function.text
        self.is_unchecked = False
        self.metadata = ""

    def emit(self, variant: Variant, operation: Operation) -> None:
        """Emit one operation and name its results."""
        name = operation.name
        if name == "call":
            self._call(operation)
            return
        result = self._result(variant, operation)
        if operation.results and result is not None:
            self._function.names[operation.results[0]] = result

    def _result(self, variant: Variant, operation: Operation) -> Names | None:
        name = operation.name
        if is_value_operation(name):
            operands = [self._number(index, operation) for index in range(len(operation.inputs))]
            return emit_value_operation(self.text, name, operands)
        if name in DIVISIONS:
            return self._divide(operation)
        if name in MEMORY_EMITTERS:
            self.is_unchecked = operation in variant.unchecked
            self.metadata = self._scopes.of(variant, operation)
            operands = [self._function.operand(operand) for operand in operation.inputs]
            return MEMORY_EMITTERS[name](self, operands)
        return self._reference(operation)

    def require(self, condition: str, code: StatusCode) -> None:
        """Go on where the i1 is true; return the status otherwise."""
        self._function.require(condition, code)

    def stack_slot(self, type_: str, alignment: int) -> str:
        """Memory of the whole call."""
        return self._function.stack_slot(type_, alignment)

    def stack_buffer(self, length: int) -> str | None:
        """Memory of the whole call for a buffer, if the stack has room for it."""
        if not self.text.module.take_stack(length):
            return None
        return self._function.stack_slot(f"[{max(length, 1)} x i8]", 64)

    def free_on_return(self, slot: str) -> None:
        """Free what the pointer in a slot points to when the function returns."""
        self._function.free_on_return(slot)

    def declare_scopes(self, variant: Variant) -> None:
        """Say that the buffers of a copy do not overlap from here on, until the loop is entered again."""
        declare = self.text.module.declare("llvm.experimental.noalias.scope.decl", "void (metadata)")
        for scope in self._scopes.declarations(variant):
            self.text.add(f"call void {declare}(metadata {scope})")

    def _number(self, index: int, operation: Operation) -> str:
        names = self._function.operand(operation.inputs[index])
        assert isinstance(names, str)
        return names

    def _divide(self, operation: Operation) -> str:
        """Spec: `vm.semantics.integer`: by zero is an error, the lowest integer by -1 wraps."""
        instruction, bits = DIVISIONS[operation.name]
        lhs, rhs = self._number(0, operation), self._number(1, operation)
        divisor = operation.inputs[1]
        text, i = self.text, f"i{bits}"
        if isinstance(divisor, Literal) and divisor.value not in (0, -1):
            return text.value(f"{instruction} {i} {lhs}, {rhs}")
        self.require(text.value(f"icmp ne {i} {rhs}, 0"), StatusCode.INVALID_ARGUMENT)
        if instruction.startswith("u"):
            return text.value(f"{instruction} {i} {lhs}, {rhs}")
        is_minus_one = text.value(f"icmp eq {i} {rhs}, -1")
        safe = text.value(f"select i1 {is_minus_one}, {i} 1, {i} {rhs}")
        quotient = text.value(f"{instruction} {i} {lhs}, {safe}")
        special = text.value(f"sub {i} 0, {lhs}") if instruction == "sdiv" else "0"
        return text.value(f"select i1 {is_minus_one}, {i} {special}, {i} {quotient}")

    def _reference(self, operation: Operation) -> Names | None:
        name = operation.name
        if name == "const.ref.zero":
            return self._function.null(self._function.roles.role(operation.results[0]))
        if name == "const.ref.rodata":
            definition = self._function.function.typed.module.definition
            return rodata_buffer(self.text.module, definition, cast("int", operation.immediates[0]))
        if name in ("assign.ref", "cast.any.ref"):
            return self._function.operand(operation.inputs[0])
        if name == "cmp.nz.ref":
            return self._is_present(operation)
        return self._select(operation) if name == "select.ref" else None

    def _is_present(self, operation: Operation) -> str:
        names = self._function.operand(operation.inputs[0])
        if isinstance(names, BufferNames):
            flag = self.text.value(f"icmp ne i32 {names.state}, 0")
        else:
            flag = self.text.value(f"icmp ne ptr {component_types('r', names)[0][1]}, null")
        return self.text.value(f"zext i1 {flag} to i32")

    def _select(self, operation: Operation) -> Names:
        condition = self.text.value(f"icmp ne i32 {self._number(0, operation)}, 0")
        chosen: list[str] = []
        sides = [component_types("r", self._function.operand(value)) for value in operation.inputs[1:]]
        for (type_, taken), (_, other) in zip(*sides, strict=True):
            chosen.append(self.text.value(f"select i1 {condition}, {type_} {taken}, {type_} {other}"))
        return BufferNames(*chosen)

    def _call(self, operation: Operation) -> None:
        arguments = ["ptr %words"]
        for operand in operation.inputs:
            names = self._function.operand(operand)
            arguments += [f"{type_} {name}" for type_, name in component_types(operand.kind, names)]
        slots = [self.stack_slot(LLVM_TYPES[value.kind], 8) for value in operation.results]
        arguments += [f"ptr {slot}" for slot in slots]
        status = self.text.value(f"call i32 @f{operation.immediates[0]}({', '.join(arguments)})")
        self._forward(status)
        for value, slot in zip(operation.results, slots, strict=True):
            self._function.names[value] = self.text.value(f"load {LLVM_TYPES[value.kind]}, ptr {slot}")

    def _forward(self, status: str) -> None:
        """Return a callee's failure as one of this function, at the call."""
        succeeded = self.text.value(f"icmp eq i32 {status}, 0")
        failed, following = self.text.new_label("failed"), self.text.new_label("called")
        likely = self.text.module.likely
        self.text.add(f"br i1 {succeeded}, label %{following}, label %{failed}, !prof {likely}")
        self.text.start(failed)
        code = self.text.value(f"and i32 {status}, {STATUS_CODE_MASK}")
        self._function.exit(self.text.value(f"or i32 {code}, {self._function.offset << 8}"))
        self.text.start(following)

    def terminate(self, variant: Variant, block: SsaBlock) -> None:
        """Emit a block's terminator."""
        name = block.terminator.name
        if name == "return":
            for index, operand in enumerate(block.terminator.inputs):
                names = self._function.operand(operand)
                ((type_, value),) = component_types(operand.kind, names)
                self.text.add(f"store {type_} {value}, ptr %result{index}")
            self._function.exit("0")
        elif name == "fail":
            self._fail(variant, block)
        elif name == "cond_br":
            condition = self.text.value(f"icmp ne i32 {self._number(0, block.terminator)}, 0")
            taken, other = self._distinct_labels(variant, block.edges)
            self.text.add(f"br i1 {condition}, label %{taken}, label %{other}")
        elif name == "br_table":
            self._table(variant, block)
        else:
            self._function.jump(variant, block.edges[0])

    def _fail(self, variant: Variant, block: SsaBlock) -> None:
        status = self._number(0, block.terminator)
        code = self.text.value(f"and i32 {status}, {STATUS_CODE_MASK}")
        word = self.text.value(f"or i32 {code}, {self._function.offset << 8}")
        if not block.edges:
            is_ok = self.text.value(f"icmp eq i32 {code}, 0")
            nothing_follows = StatusCode.FAILED_PRECONDITION | self._function.offset << 8
            self._function.exit(self.text.value(f"select i1 {is_ok}, i32 {nothing_follows}, i32 {word}"))
            return
        is_ok = self.text.value(f"icmp eq i32 {code}, 0")
        failed, following = self.text.new_label("failed"), self.text.new_label("ok")
        self.text.add(f"br i1 {is_ok}, label %{following}, label %{failed}")
        self.text.start(failed)
        self._function.exit(word)
        self.text.start(following)
        self._function.jump(variant, block.edges[0])

    def _table(self, variant: Variant, block: SsaBlock) -> None:
        default, *cases = self._distinct_labels(variant, block.edges)
        targets = " ".join(f"i32 {number}, label %{label}" for number, label in enumerate(cases))
        index = self._number(0, block.terminator)
        self.text.add(f"switch i32 {index}, label %{default} [ {targets} ]")

    def _distinct_labels(self, variant: Variant, edges: tuple[SsaEdge, ...]) -> list[str]:
        """Labels of jumps, each of a small block of its own where several lead to one target or it asks."""
        targets = [edge.target for edge in edges]
        here = self.text.label
        labels: list[str] = []
        for edge in edges:
            if targets.count(edge.target) == 1 and not self._function.must_ask(variant, edge):
                labels.append(self._function.enter(variant, edge))
                continue
            labels.append(self.text.new_label("edge"))
            self.text.start(labels[-1])
            self._function.jump(variant, edge)
            self.text.label = here
        return labels
