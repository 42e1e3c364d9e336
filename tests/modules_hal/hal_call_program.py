"""VM programs that call functions of `hal` one after the other, for either runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gossamer.abi.calling_convention import Span, parse_calling_convention
from gossamer.format.archive import write_module
from gossamer.format.module_def import ModuleDependency
from gossamer.modules.hal.module import HAL_FUNCTIONS
from gossamer.tools.assemble.module import assemble_module
from gossamer.versions import HAL_MODULE_VERSION

Argument = "Ref | Value | int | str | bytes | None | Sequence[object]"


@dataclass(frozen=True)
class Ref:
    """A ref register."""

    register: int


@dataclass(frozen=True)
class Value:
    """A value register, of an i32 or the lower one of an i64."""

    register: int


class CallProgram:
    """One function: `call` adds a call and gives the registers of its results."""

    def __init__(self, constants: list[bytes]) -> None:
        self.lines: list[str] = []
        self._constants = constants
        self._values = 0
        self._refs = 0

    def call(self, name: str, *arguments: object) -> Ref | Value | tuple[Ref | Value, ...] | None:
        """Call `hal.<name>`. Numbers become constants, text and bytes rodata, None a null ref."""
        convention = parse_calling_convention(HAL_FUNCTIONS.functions[name].export.calling_convention)
        segments: list[str] = []
        operands: list[str] = []
        for kind, argument in zip(convention.arguments, arguments, strict=True):
            if isinstance(kind, Span):
                assert isinstance(argument, list)
                segments.append(str(len(argument)))
                for element in argument:
                    parts = element if isinstance(element, tuple) else (element,)
                    operands += map(self._operand, kind.element, parts)
            else:
                segments.append("65535")
                operands.append(self._operand(kind, argument))
        results = [self._result(kind) for kind in convention.results]
        names = ", ".join(map(_register_name, results))
        target = f"{names} = " if results else ""
        if convention.is_variadic:
            self.lines.append(
                f"{target}vm.call.variadic @hal.{name} segments[{', '.join(segments)}]({', '.join(operands)})"
            )
        else:
            self.lines.append(f"{target}vm.call @hal.{name}({', '.join(operands)})")
        return results[0] if len(results) == 1 else tuple(results) or None

    def host_buffer(self, length: int) -> Ref:
        """A new mutable `!vm.buffer`."""
        size, alignment = self._operand("I", length), self._operand("i", 64)
        result = self._result("r")
        self.lines.append(f"{_register_name(result)} = vm.buffer.alloc {_pair(size)}, {alignment}")
        assert isinstance(result, Ref)
        return result

    def _operand(self, kind: str, argument: object) -> str:
        if isinstance(argument, (Ref, Value)):
            return _register_name(argument)
        if kind == "r":
            result = self._result("r")
            if argument is None:
                self.lines.append(f"{_register_name(result)} = vm.const.ref.zero")
                return _register_name(result)
            data = argument.encode() if isinstance(argument, str) else argument
            assert isinstance(data, bytes)
            self._constants.append(data)
            ordinal = len(self._constants) - 1
            self.lines.append(f"{_register_name(result)} = vm.const.ref.rodata {ordinal}  // {len(data)}b")
            return _register_name(result)
        assert isinstance(argument, int)
        result = self._result(kind)
        width = 32 if kind == "i" else 64
        signed = argument - (1 << width) if argument >> (width - 1) == 1 else argument
        name = _register_name(result)
        self.lines.append(f"{_pair(name) if kind == 'I' else name} = vm.const.i{width} {signed}")
        return name

    def _result(self, kind: str) -> Ref | Value:
        if kind == "r":
            self._refs += 1
            return Ref(self._refs - 1)
        self._values += self._values % 2 if kind == "I" else 0
        register = self._values
        self._values += 2 if kind == "I" else 1
        return Value(register)


def _register_name(register: Ref | Value) -> str:
    return f"%r{register.register}" if isinstance(register, Ref) else f"%i{register.register}"


def _pair(name: str) -> str:
    """Name of a 64-bit register where an operation names both halves."""
    return f"{name}:{int(name[2:]) + 1}"


def module_of_programs(cases: dict[str, Callable[[CallProgram], object]]) -> bytes:
    """A module with a function `() -> ()` for each case, depending on `hal`."""
    constants: list[bytes] = []
    functions: list[str] = []
    for name, case in cases.items():
        program = CallProgram(constants)
        case(program)
        body = "".join(f"  {line}\n" for line in [*program.lines, "vm.return"])
        functions.append(f"vm.export @{name}\nvm.func @{name}() -> () {{\n^bb0:\n{body}}}\n")
    imports = "".join(
        f'vm.import @hal.{name} cconv "{function.export.calling_convention}"\n'
        for name, function in HAL_FUNCTIONS.functions.items()
    )
    types = "".join(f"vm.type !{name}\n" for name in ("vm.buffer", "hal.device", "hal.buffer"))
    rodata = "".join(f"vm.rodata[{index}] = {data.hex()}\n" for index, data in enumerate(constants))
    source = f"vm.module @calls version 0\n{types}{imports}{rodata}\n{''.join(functions)}"
    module = assemble_module(source)
    return write_module(replace(module, dependencies=(ModuleDependency("hal", HAL_MODULE_VERSION),)))
