"""`--trace_execution`: each instruction of a program, on stderr, before it runs.

[module.abs+00000013]    %r1 = vm.call @hal.buffer_view.buffer(%R0(!hal.buffer_view))
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial

from gossamer.isa.disassemble import disassemble_instruction
from gossamer.isa.instruction import Instruction
from gossamer.isa.opcodes import REF_ORDINAL_MASK, OperandKind
from gossamer.tools.dump.assembly import ModuleSymbols
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.interpret.frame import Frame, Tracer, read_f32
from gossamer.vm.interpret.interpreter import Interpreter
from gossamer.vm.link.module import Module
from gossamer.vm.objects.ref_types import ref_type_name

_VALUE_ORDINAL_MASK = 0x7FFF


def trace_modules(modules: Iterable[Module]) -> None:
    """Have bytecode modules traced; others have no instructions to show."""
    for module in modules:
        if isinstance(module, BytecodeModule):
            module.run_with(partial(Interpreter, tracer=_tracer(module)))


def _tracer(module: BytecodeModule) -> Tracer:
    symbols = ModuleSymbols(module.definition)

    def trace(frame: Frame, instruction: Instruction) -> None:
        function = frame.function
        name = f".{function.name}" if function.name else f"@{function.ordinal}"
        text = disassemble_instruction(
            instruction, symbols, None, lambda kind, register: _value_text(frame, kind, register)
        )
        sys.stderr.write(f"[{module.name}{name}+{instruction.offset:08X}]    {text}\n")

    return trace


def _value_text(frame: Frame, kind: OperandKind, register: int) -> str:
    match kind:
        case OperandKind.REF | OperandKind.REF_MOVE:
            return ref_type_name(frame.refs[register & REF_ORDINAL_MASK])
        case OperandKind.I64:
            return str(frame.i64[(register & _VALUE_ORDINAL_MASK) >> 1])
        case OperandKind.F64:
            return f"{frame.f64[(register & _VALUE_ORDINAL_MASK) >> 1]:.17g}"
        case OperandKind.F32:
            return f"{read_f32(frame, register & _VALUE_ORDINAL_MASK):.9g}"
        case _:
            return str(frame.i32[register & _VALUE_ORDINAL_MASK])
