"""What a device calls to run a workgroup, as LLVM IR: it fetches a kernel's arguments and calls the kernel.

Spec: `iree_hal_executable_dispatch_v0_t` of `iree/hal/local/executable_library.h`, IREE 3.13.0.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.codegen.kernel_function import ArgumentSource
from gossamer.compiler.kernel_interface import Binding, ConstantSource
from gossamer.compiler.target.llvm_cpu.lowering import BODY_SYMBOL

_PARAMETERS = "ptr %environment, ptr %dispatch, ptr %workgroup"
_ATTRIBUTES = (
    'nounwind "no-builtins" "frame-pointer"="all" "prefer-vector-width"="512" '
    '"denormal-fp-math"="dynamic,dynamic"'
)
_CONSTANTS_OFFSET, _BINDINGS_OFFSET = 24, 32
_POINTER_BYTES, _WORD_BYTES = 8, 4
# Type and offset in the state of a workgroup.
_NUMBERS = {"id_x": ("i32", 0), "id_y": ("i32", 4), "id_z": ("i16", 8)}
_TYPES = {"index": "i64", "f32": "float", "f64": "double", "f16": "half", "bf16": "bfloat"}
_WIDTHS = {"float": 32, "double": 64, "half": 16, "bfloat": 16}


def dispatch_entry(
    symbol: str,
    arguments: Sequence[ArgumentSource],
    bindings: Sequence[Binding],
    constants: Sequence[ConstantSource],
) -> str:
    """The definition of a dispatch function.

    Args:
        symbol: its name.
        arguments: what each argument of the kernel's body is.
        bindings: by ordinal.
        constants: in order; a constant that is not among them is not used.
    """
    entry = _Entry(bindings, constants)
    return entry.define(symbol, arguments)


class _Entry:
    """A function being written."""

    def __init__(self, bindings: Sequence[Binding], constants: Sequence[ConstantSource]) -> None:
        self._lines: list[str] = []
        self._bindings = {binding: ordinal for ordinal, binding in enumerate(bindings)}
        self._words: dict[ConstantSource, int] = {}
        word = 0
        for constant in constants:
            self._words[constant] = word
            word += constant.word_count

    def define(self, symbol: str, arguments: Sequence[ArgumentSource]) -> str:
        self._line("%bindings", f"load ptr, ptr {self._field('%dispatch', _BINDINGS_OFFSET)}")
        self._line("%constants", f"load ptr, ptr {self._field('%dispatch', _CONSTANTS_OFFSET)}")
        operands: list[str] = []
        for source in arguments:
            if isinstance(source, Binding):
                field = self._field("%bindings", self._bindings[source] * _POINTER_BYTES)
                operands.append(f"ptr {self._value(f'load ptr, ptr {field}')}")
            elif isinstance(source, ConstantSource):
                operands.append(self._constant(source))
            else:
                operands.append(self._number(source))
        return "\n".join(
            (
                f"define hidden i32 @{symbol}({_PARAMETERS}) {_ATTRIBUTES} {{",
                *self._lines,
                f"  %status = call i32 @{BODY_SYMBOL}({', '.join(operands)})",
                "  ret i32 %status",
                "}\n",
            )
        )

    def _constant(self, source: ConstantSource) -> str:
        type_ = _TYPES.get(source.type, source.type)
        if source not in self._words:
            return f"{type_} poison"
        width = _WIDTHS.get(type_) or int(type_[1:])
        loaded = "i64" if source.word_count == 2 else "i32"
        field = self._field("%constants", self._words[source] * _WORD_BYTES)
        # Why the alignment: a constant of two words may start at any word.
        bits = self._value(f"load {loaded}, ptr {field}, align {_WORD_BYTES}")
        if width < 32:
            bits = self._value(f"trunc i32 {bits} to i{width}")
        if type_ in _WIDTHS:
            bits = self._value(f"bitcast i{width} {bits} to {type_}")
        return f"{type_} {bits}"

    def _number(self, source: str) -> str:
        type_, offset = _NUMBERS[source]
        number = self._value(f"load {type_}, ptr {self._field('%workgroup', offset)}")
        return f"i64 {self._value(f'zext {type_} {number} to i64')}"

    def _field(self, pointer: str, offset: int) -> str:
        return self._value(f"getelementptr i8, ptr {pointer}, i64 {offset}")

    def _value(self, text: str) -> str:
        name = f"%v{len(self._lines)}"
        self._line(name, text)
        return name

    def _line(self, name: str, text: str) -> None:
        self._lines.append(f"  {name} = {text}")
