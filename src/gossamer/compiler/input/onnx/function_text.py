"""Writes a function on tensors as MLIR's text, a line at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gossamer.compiler.mlir import ir


@dataclass(frozen=True, slots=True)
class Size:
    """A size: as types write it, and as an operand of operations."""

    in_type: str
    operand: str

    @classmethod
    def of(cls, number: int) -> Size:
        """A size that is known."""
        return cls(str(number), str(number))

    @property
    def is_open(self) -> bool:
        """Whether it is known only when the program runs."""
        return self.in_type == "?"


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor in the text."""

    name: str
    sizes: tuple[Size, ...]
    element: str

    @property
    def type(self) -> str:
        """Its type, as MLIR writes it."""
        return tensor_type(self.sizes, self.element)


def tensor_type(sizes: Sequence[Size], element: str) -> str:
    """Type of a tensor of some sizes."""
    return f"tensor<{''.join(f'{size.in_type}x' for size in sizes)}{element}>"


@dataclass(slots=True)
class FunctionText:
    """Lines of a function's body.

    Attributes:
        lines: written so far.
    """

    lines: list[str] = field(default_factory=list[str])
    _count: int = 0

    def name(self) -> str:
        """A new name of a value."""
        self._count += 1
        return f"%v{self._count}"

    def value(self, expression: str) -> str:
        """Write an operation of one result and return its name."""
        name = self.name()
        self.lines.append(f"{name} = {expression}")
        return name

    def index(self, number: int) -> str:
        """A constant index."""
        return self.value(f"arith.constant {number} : index")

    def argument(self, name: str, type: ir.RankedTensorType) -> Tensor:
        """An argument of the function, whose open sizes are asked for."""
        sizes: list[Size] = []
        for dim, size in enumerate(type.shape):
            is_open = type.is_dynamic_dim(dim)
            asked = f"tensor.dim {name}, {self.index(dim)} : {type}" if is_open else ""
            sizes.append(Size("?", self.value(asked)) if is_open else Size.of(size))
        return Tensor(name, tuple(sizes), str(type.element_type))

    def empty(self, sizes: Sequence[Size], element: str) -> Tensor:
        """A tensor of whatever contents."""
        open_sizes = ", ".join(size.operand for size in sizes if size.is_open)
        return Tensor(
            self.value(f"tensor.empty({open_sizes}) : {tensor_type(sizes, element)}"), tuple(sizes), element
        )

    def filled(self, value: float, sizes: Sequence[Size], element: str) -> Tensor:
        """A tensor of one number."""
        init = self.empty(sizes, element)
        number = self.value(f"arith.constant {value!r} : {element}")
        result = self.value(
            f"linalg.fill ins({number} : {element}) outs({init.name} : {init.type}) -> {init.type}"
        )
        return Tensor(result, init.sizes, element)

    def reassociated(self, tensor: Tensor, groups: str, sizes: Sequence[Size]) -> Tensor:
        """A tensor with dimensions split or joined, as `groups` says: `[[0, 1], [2]]`."""
        type = tensor_type(sizes, tensor.element)
        if len(sizes) < len(tensor.sizes):
            text = f"tensor.collapse_shape {tensor.name} {groups} : {tensor.type} into {type}"
        else:
            shape = ", ".join(size.operand for size in sizes)
            expanded = f"{tensor.name} {groups} output_shape [{shape}] : {tensor.type} into {type}"
            text = f"tensor.expand_shape {expanded}"
        return Tensor(self.value(text), tuple(sizes), tensor.element)

    def slice(
        self, tensor: Tensor, offsets: Sequence[str], sizes: Sequence[Size], *, drops: int = 0
    ) -> Tensor:
        """A part of a tensor, without its first dimensions, of one element each, where `drops` says so."""
        kept = tuple(sizes[drops:])
        bounds = f"[{', '.join(offsets)}] [{', '.join(size.operand for size in sizes)}]"
        strides = f"[{', '.join('1' for _ in sizes)}]"
        type = tensor_type(kept, tensor.element)
        text = f"tensor.extract_slice {tensor.name}{bounds} {strides} : {tensor.type} to {type}"
        return Tensor(self.value(text), kept, tensor.element)

    def matmul(self, a: Tensor, b: Tensor, init: Tensor) -> Tensor:
        """`init + a @ b`."""
        result = self.value(
            f"linalg.matmul ins({a.name}, {b.name} : {a.type}, {b.type}) "
            f"outs({init.name} : {init.type}) -> {init.type}"
        )
        return Tensor(result, init.sizes, init.element)

    def transposed(self, matrix: Tensor) -> Tensor:
        """A matrix with its dimensions exchanged."""
        init = self.empty(matrix.sizes[::-1], matrix.element)
        return self.generics([(matrix, "(d1, d0)")], [(init, "(d0, d1)")], 2, lambda body, values: values)[0]

    def elementwise(
        self, operands: Sequence[Tensor | tuple[Tensor, str]], body: Callable[[FunctionText, list[str]], str]
    ) -> Tensor:
        """A tensor like the first operand.

        Args:
            operands: with their maps where they have fewer dimensions.
            body: writes one iteration and returns its result.
        """
        first = operands[0]
        assert isinstance(first, Tensor)
        rank = len(first.sizes)
        whole = f"({', '.join(f'd{dim}' for dim in range(rank))})"
        mapped = [(each, whole) if isinstance(each, Tensor) else each for each in operands]
        init = self.empty(first.sizes, first.element)
        return self.generics(mapped, [(init, whole)], rank, lambda text, values: [body(text, values)])[0]

    def generics(
        self,
        inputs: Sequence[tuple[Tensor, str]],
        inits: Sequence[tuple[Tensor, str]],
        rank: int,
        body: Callable[[FunctionText, list[str]], list[str]],
        *,
        reduced: Sequence[int] = (),
    ) -> list[Tensor]:
        """A `linalg.generic`; a body of a reduction is given the results' elements last.

        Args:
            inputs: tensors that are read, with their maps.
            inits: initial values of the results, with theirs.
            rank: number of loops.
            body: writes one iteration and returns its results.
            reduced: the loops that are reduced; the others are parallel.
        """
        loops = f"({', '.join(f'd{dim}' for dim in range(rank))})"
        everything = [*inputs, *inits]
        maps = ", ".join(f"affine_map<{loops} -> {map}>" for _, map in everything)
        kinds = ['"reduction"' if loop in reduced else '"parallel"' for loop in range(rank)]
        elements = [self.name() for _ in everything]
        arguments = ", ".join(
            f"{element}: {tensor.element}" for element, (tensor, _) in zip(elements, everything, strict=True)
        )
        results = [self.name() for _ in inits]
        types = ", ".join(tensor.type for tensor, _ in inits)
        header = f"{', '.join(results)} = linalg.generic {{indexing_maps = [{maps}], "
        header += f"iterator_types = [{', '.join(kinds)}]}} "
        if inputs:
            header += f"ins({', '.join(tensor.name for tensor, _ in inputs)} : "
            header += f"{', '.join(tensor.type for tensor, _ in inputs)}) "
        header += f"outs({', '.join(tensor.name for tensor, _ in inits)} : {types}) {{"
        self.lines.append(header)
        self.lines.append(f"^bb0({arguments}):")
        given = elements if reduced else elements[: len(inputs)]
        made = body(self, given)
        self.lines.append(f"linalg.yield {', '.join(made)} : {', '.join(t.element for t, _ in inits)}")
        self.lines.append(f"}} -> ({types})" if len(inits) > 1 else f"}} -> {types}")
        return [
            Tensor(result, tensor.sizes, tensor.element)
            for result, (tensor, _) in zip(results, inits, strict=True)
        ]
