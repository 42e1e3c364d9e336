"""One SSA function → one LLVM function.

`i32 @f<ordinal>(ptr interrupt words, arguments..., ptr results...)` returns 0, or a status word: the code in
the low 8 bits, the byte offset of the instruction above them.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.errors import STATUS_CODE_MASK, StatusCode
from gossamer.machine_code.interrupt_ir import IS_INTERRUPTED, IS_INTERRUPTED_IR
from gossamer.vm.jit.analysis.interchange import Interchange
from gossamer.vm.jit.analysis.loops import nested_loops, reverse_post_order
from gossamer.vm.jit.analysis.ref_roles import RefRole, RefRoles
from gossamer.vm.jit.analysis.sources import function_sources
from gossamer.vm.jit.analysis.turns import LoopTurns
from gossamer.vm.jit.analysis.variants import LoopCopies, Variant, make_variants
from gossamer.vm.jit.emit.interchange_emitter import InterchangeEmitter
from gossamer.vm.jit.emit.operation_emitter import OperationEmitter
from gossamer.vm.jit.emit.range_check import RangeCheck
from gossamer.vm.jit.instructions.ref_value import (
    NULL_BUFFER,
    NULL_LIST,
    BufferNames,
    ListNames,
    Names,
    component_types,
)
from gossamer.vm.jit.instructions.text import FunctionText, ModuleText, literal_text
from gossamer.vm.typed.expression import Literal
from gossamer.vm.typed.ssa import Operand, Operation, SsaEdge, SsaFunction, Value

ATTRIBUTES = 'nounwind "denormal-fp-math"="dynamic,dynamic"'
"""Why dynamic: who calls decides whether denormals are flushed, so LLVM must not fold them away."""

WORDS = "%words"
"""Name, in every function, of the address of `limits.interrupt_word`."""


class FunctionEmitter:
    """Emits one function.

    Attributes:
        text: its instructions.
        names: of the values of the block in progress.
        offset: of the instruction in progress.
    """

    def __init__(self, module: ModuleText, function: SsaFunction, roles: RefRoles) -> None:
        self.function = function
        self.roles = roles
        self.text = FunctionText(module)
        self.names: dict[Value, Names] = {}
        self.offset = 0
        self._variants = make_variants(function)
        self._loop_headers = {
            loop.header
            for variant in self._variants
            for copies in variant.loops.values()
            for loop in nested_loops(copies.plan.loop)
        }
        self._order = reverse_post_order([[edge.target for edge in block.edges] for block in function.blocks])
        self._sources = function_sources(function)
        self._known: dict[tuple[Value, Variant], Names] = {}
        self._phis: dict[str, dict[int, tuple[str, Names]]] = {}
        self._incoming: dict[str, list[tuple[str, tuple[Names, ...]]]] = {}
        self._exits: list[tuple[str, str]] = []
        self._failures: dict[tuple[int, int], str] = {}
        self._entry: list[str] = []
        self._slots: list[str] = []
        self._turns = LoopTurns(function)
        self._operations = OperationEmitter(self)

    def emit(self) -> str:
        """The whole function."""
        arguments = [self._named(value, f"%a{value.number}") for value in self.function.arguments]
        self.names = dict(zip(self.function.arguments, arguments, strict=True))
        self.text.start("entry")
        body = self._variants[0]
        self._known.update({(value, body): names for value, names in self.names.items()})
        self.jump(body, self.function.entry)
        for variant in self._variants:
            own = set(variant.own_blocks(self.function))
            for index in self._order:
                if index in own:
                    self._emit_block(variant, index)
            for header, copies in variant.loops.items():
                self._emit_choice(variant, header, copies)
            for header, interchange in variant.interchanges.items():
                self._emit_interchange(variant, header, interchange)
        self._emit_exit()
        self._add_phis()
        self.text.blocks["entry"] = [*self._entry, *self.text.blocks["entry"]]
        return f"{self._signature(arguments)} {ATTRIBUTES} {{\n{self.text.render()}\n}}"

    def operand(self, operand: Operand) -> Names:
        """Names of an operand."""
        if isinstance(operand, Literal):
            return NULL_BUFFER if operand.kind == "r" else literal_text(operand)
        return self.names[operand]

    def null(self, role: RefRole) -> Names:
        """A null ref."""
        return NULL_LIST if role is RefRole.LIST else NULL_BUFFER

    def jump(self, variant: Variant, edge: SsaEdge) -> None:
        """Leave the block in progress; at the end of a turn of a loop, ask whether to go on."""
        if self.must_ask(variant, edge):
            self.ask()
        metadata = self._loop_metadata(variant, edge)
        self.text.add(f"br label %{self.enter(variant, edge)}{metadata}")

    def must_ask(self, variant: Variant, edge: SsaEdge) -> bool:
        """True where a jump has to be made by `jump`, which asks whether to go on."""
        return self._turns.must_ask(variant, edge)

    def ask(self) -> None:
        """Return status CANCELLED where the call's scope says so, see `native.interrupt_ir`."""
        text = self.text
        text.module.define(IS_INTERRUPTED, IS_INTERRUPTED_IR)
        flags = text.value(f"load atomic i32, ptr {WORDS} monotonic, align 4")
        is_quiet = text.value(f"icmp eq i32 {flags}, 0")
        asked, following = text.new_label("ask"), text.new_label("turn")
        text.add(f"br i1 {is_quiet}, label %{following}, label %{asked}, !prof {text.module.likely}")
        text.start(asked)
        stops = text.value(f"call i1 @{IS_INTERRUPTED}(ptr {WORDS})")
        text.add(f"br i1 {stops}, label %{self.failure_label(StatusCode.CANCELLED)}, label %{following}")
        text.start(following)

    def enter(self, variant: Variant, edge: SsaEdge) -> str:
        """Label that a jump leads to; what it passes is noted for the target."""
        label = self._destination(variant, edge.target)
        parameters = self.function.blocks[edge.target].parameters
        passed = [
            self.passed_as(parameter, argument)
            for parameter, argument in zip(parameters, edge.arguments, strict=True)
        ]
        self._incoming.setdefault(label, []).append((self.text.label, tuple(passed)))
        return label

    def exit(self, status: str) -> None:
        """Return a status word from the block in progress."""
        self._exits.append((self.text.label, status))
        self.text.add("br label %exit")

    def failure_label(self, code: int) -> str:
        """Label of the block that returns a status code for the instruction in progress."""
        key = (code & STATUS_CODE_MASK, self.offset)
        if key not in self._failures:
            self._failures[key] = self.text.new_label("failure")
        return self._failures[key]

    def require(self, condition: str, code: StatusCode) -> None:
        """Go on where the i1 is true; return the status otherwise."""
        following = self.text.new_label("checked")
        likely = self.text.module.likely
        self.text.add(
            f"br i1 {condition}, label %{following}, label %{self.failure_label(code)}, !prof {likely}"
        )
        self.text.start(following)

    def stack_slot(self, type_: str, alignment: int) -> str:
        """Memory of the whole call, reserved on entry; pointers in it start as null."""
        name = self.text.new_label("%slot")
        self._entry.append(f"  {name} = alloca {type_}, align {alignment}")
        if type_ == "ptr":
            self._entry.append(f"  store ptr null, ptr {name}")
        return name

    def free_on_return(self, slot: str) -> None:
        """Free what the pointer in a slot points to when the function returns."""
        self._slots.append(slot)

    def _signature(self, arguments: Sequence[Names]) -> str:
        parameters = [f"ptr noalias {WORDS}"]
        for value, names in zip(self.function.arguments, arguments, strict=True):
            parameters += [f"{type_} {name}" for type_, name in component_types(value.kind, names)]
        results = self.function.typed.function.convention.results
        parameters += [f"ptr %result{index}" for index in range(len(results))]
        ordinal = self.function.typed.function.ordinal
        return f"define internal i32 @f{ordinal}({', '.join(parameters)})"

    def _named(self, value: Value, name: str) -> Names:
        if value.kind != "r":
            return name
        if self.roles.role(value) is RefRole.LIST:
            return ListNames(f"{name}.list")
        return BufferNames(f"{name}.pointer", f"{name}.length", f"{name}.state")

    def passed_as(self, parameter: Value, argument: Operand) -> Names:
        """Names of an operand in the form that a parameter has."""
        if parameter.kind == "r" and isinstance(argument, Literal):
            return self.null(self.roles.role(parameter))
        return self.operand(argument)

    def _destination(self, variant: Variant, target: int) -> str:
        holder = variant.holder(target)
        return f"choose{target}_{holder.number}" if target in holder.loops else _label(holder, target)

    def _emit_block(self, variant: Variant, index: int) -> None:
        block = self.function.blocks[index]
        self.text.start(f"block{index}_{variant.number}")
        self._name_parameters(variant, index, "v")
        for operation in block.operations:
            self.emit_operation(variant, operation)
        self.offset = block.terminator.offset
        self._known.update({(value, variant): names for value, names in self.names.items()})
        self._operations.terminate(variant, block)

    def emit_operation(self, variant: Variant, operation: Operation) -> None:
        """Emit one operation and name its results."""
        self.offset = operation.offset
        self._operations.emit(variant, operation)

    def _name_parameters(self, variant: Variant, index: int, prefix: str) -> None:
        """Name a block's parameters: after what they always hold, or as phis of the block in progress."""
        self.names = {}
        phis: dict[int, tuple[str, Names]] = {}
        for position, value in enumerate(self.function.blocks[index].parameters):
            names = self._source_names(variant, value)
            if names is None:
                names = self._named(value, f"%{prefix}{value.number}_{variant.number}")
                phis[position] = (value.kind, names)
            self.names[value] = names
        self._phis[self.text.label] = phis

    def _source_names(self, variant: Variant, value: Value) -> Names | None:
        source = self._sources.get(value)
        if source is None or isinstance(source, Literal):
            return None if source is None else self.passed_as(value, source)
        # Why a copy's holder: what is made inside a loop has one value for each copy of it, which must be
        # joined behind them; what is made outside has one home, and that comes before every use.
        return self._known.get((source, variant.holder(source.block)))

    def _loop_metadata(self, variant: Variant, edge: SsaEdge) -> str:
        """Keep LLVM from spending time on checked copies: they hardly ever run."""
        is_back_edge = variant.is_checked_copy and edge.target in self._loop_headers
        if not is_back_edge:
            return ""
        module = self.text.module
        off = module.metadata('!{!"llvm.loop.disable_nonforced"}')
        return f", !llvm.loop {module.metadata(f'distinct !{{{{self}}, {off}}}')}"

    def _emit_choice(self, variant: Variant, header: int, copies: LoopCopies) -> None:
        """Check the loop's accesses and go to the right copy."""
        parameters = self.function.blocks[header].parameters
        self.text.start(f"choose{header}_{variant.number}")
        self._name_parameters(variant, header, "c")

        def integer(index: int) -> str:
            name = self.names[parameters[index]]
            assert isinstance(name, str)
            return name if parameters[index].kind == "I" else self.text.value(f"sext i32 {name} to i64")

        def buffer(index: int) -> BufferNames:
            names = self.names[parameters[index]]
            assert isinstance(names, BufferNames)
            return names

        check = RangeCheck(self.text, integer, buffer)
        may_go_fast = check.holds(copies.plan)
        if copies.plan.disjoint:
            self._operations.declare_scopes(copies.fast)
        fast, checked = self._enter_copy(copies.fast, header), self._enter_copy(copies.checked, header)
        likely = self.text.module.likely
        self.text.add(f"br i1 {may_go_fast}, label %{fast}, label %{checked}, !prof {likely}")

    def _emit_interchange(self, variant: Variant, header: int, interchange: Interchange) -> None:
        self.text.start(_label(variant, header))
        self._name_parameters(variant, header, "s")
        entered_with = dict(self.names)
        InterchangeEmitter(self, variant, interchange).emit()
        self.names = entered_with
        self.jump(variant, interchange.exit)

    def _enter_copy(self, copy: Variant, header: int) -> str:
        parameters = self.function.blocks[header].parameters
        label = _label(copy, header)
        passed = tuple(self.names[value] for value in parameters)
        self._incoming.setdefault(label, []).append((self.text.label, passed))
        return label

    def _emit_exit(self) -> None:
        for (code, offset), label in self._failures.items():
            self.text.start(label)
            self.exit(str(code | offset << 8))
        self.text.start("exit")
        if not self._exits:
            self.text.add("unreachable")
            return
        sources = ", ".join(f"[ {status}, %{label} ]" for label, status in self._exits)
        self.text.add(f"%status = phi i32 {sources}")
        for slot in self._slots:
            free = self.text.module.declare("free", "void (ptr)", "nounwind")
            self.text.add(f"call void {free}(ptr {self.text.value(f'load ptr, ptr {slot}')})")
        self.text.add("ret i32 %status")

    def _add_phis(self) -> None:
        for label, phis in self._phis.items():
            incoming = self._incoming.get(label, [])
            lines: list[str] = []
            for position, (kind, names) in phis.items():
                for component, (type_, result) in enumerate(component_types(kind, names)):
                    sources = [
                        f"[ {component_types(kind, passed[position])[component][1]}, %{source} ]"
                        for source, passed in incoming
                    ]
                    lines.append(f"  {result} = phi {type_} {', '.join(sources)}")
            self.text.blocks[label] = [*lines, *self.text.blocks[label]]


def _label(variant: Variant, index: int) -> str:
    """Label of a copy's block, or of the interchanged loop that it heads."""
    prefix = "interchange" if index in variant.interchanges else "block"
    return f"{prefix}{index}_{variant.number}"
