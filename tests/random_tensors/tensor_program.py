"""Straight-line programs of StableHLO while they grow: text beside the value that NumPy gives each line.

Numbers are small integers, in floats too, and clamped after products: sums are exact in any order, so that
results are compared bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
DTYPES: dict[str, Any] = {
    "f32": np.float32, "f64": np.float64, "i8": np.int8, "i32": np.int32, "i64": np.int64, "ui8": np.uint8,
    "i1": np.bool_,
}  # fmt: skip
NUMBERS = ("f32", "f64", "i8", "i32", "i64", "ui8")
LIMIT = 9
"""Numbers are clamped to -LIMIT .. LIMIT."""
LARGEST = 400
"""Elements of a tensor at most."""


@dataclass(frozen=True)
class Value:
    """A value of the program: its name in the text, its element type and what NumPy computed."""

    name: str
    element: str
    array: Array

    @property
    def type(self) -> str:
        """As MLIR spells it."""
        return tensor_type(self.array.shape, self.element)


def tensor_type(shape: tuple[int, ...], element: str) -> str:
    """Type of a tensor as MLIR spells it."""
    return f"tensor<{''.join(f'{size}x' for size in shape)}{element}>"


@dataclass
class TensorProgram:
    """A function that grows by a line at a time.

    Attributes:
        inputs: values of its arguments.
        values: of arguments and lines.
        lines: of its body.
    """

    inputs: list[Value] = field(default_factory=list[Value])
    values: list[Value] = field(default_factory=list[Value])
    lines: list[str] = field(default_factory=list[str])
    _count: int = 0

    def add_input(self, element: str, array: Array) -> Value:
        """Add an argument."""
        value = Value(f"%arg{len(self.inputs)}", element, array)
        self.inputs.append(value)
        self.values.append(value)
        return value

    def emit(self, element: str, array: Array, text: str) -> Value:
        """Add a line; `{t}` in its text stands for the type of its result."""
        value = Value(self.fresh(), element, np.asarray(array, DTYPES[element]))
        self.lines.append(f"{value.name} = {text.replace('{t}', value.type)}")
        self.values.append(value)
        return value

    def scalar(self, element: str, number: int) -> str:
        """Name of a constant of rank 0."""
        name = self.fresh()
        written = {"i1": "true" if number else "false"}.get(element)
        if written is None:
            written = f"{number}.0" if element in ("f32", "f64") else str(number)
        self.lines.append(f"{name} = stablehlo.constant dense<{written}> : tensor<{element}>")
        return name

    def clamped(self, element: str, array: Array, text: str) -> Value:
        """Add a line whose numbers may be large, and one that clamps them; they fit in the type."""
        if element == "i1":
            return self.emit(element, array, text)
        value = self.emit(element, array, text)
        self.values.remove(value)
        lowest = 0 if element.startswith("ui") else -LIMIT
        low, high = self.scalar(element, lowest), self.scalar(element, LIMIT)
        line = f"stablehlo.clamp {low}, {value.name}, {high}"
        types = f"(tensor<{element}>, {value.type}, tensor<{element}>) -> {{t}}"
        return self.emit(element, np.clip(value.array, lowest, LIMIT), f"{line} : {types}")

    def fresh(self) -> str:
        """A new name."""
        self._count += 1
        return f"%v{self._count}"

    def function(self, name: str, results: list[Value]) -> str:
        """Text of the whole function."""
        arguments = ", ".join(f"{value.name}: {value.type}" for value in self.inputs)
        types = ", ".join(value.type for value in results)
        body = "\n  ".join([*self.lines, f"return {', '.join(value.name for value in results)} : {types}"])
        return f"func.func @{name}({arguments}) -> ({types}) {{\n  {body}\n}}\n"
