"""Batch normalisation of StableHLO in steps: applied, trained, and its gradient.

Spec: StableHLO, `batch_norm_inference`, `batch_norm_training`, `batch_norm_grad`.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.input.stablehlo.builder import stablehlo
from gossamer.compiler.mlir import ir


def lower_batch_norm_inference(op: ir.Operation) -> Sequence[ir.Value]:
    """(operand - mean) / sqrt(variance + epsilon) * scale + offset, along the feature dimension."""
    operand, scale, offset, mean, variance = op.operands
    norm = _Normalization(op, operand)
    normal = norm.divide(norm.centred(mean), norm.spread(norm.deviation(variance)))
    return [norm.scaled(normal, scale, offset)]


def lower_batch_norm_training(op: ir.Operation) -> Sequence[ir.Value] | None:
    """As for inference, by the batch's own mean and variance, which are results too."""
    operand, scale, offset = op.operands
    norm = _Normalization(op, operand)
    if norm.count is None:
        return None
    mean = norm.mean(operand)
    centred = norm.centred(mean)
    variance = norm.mean(norm.multiply(centred, centred))
    normal = norm.divide(centred, norm.spread(norm.deviation(variance)))
    return [norm.scaled(normal, scale, offset), mean, variance]


def lower_batch_norm_grad(op: ir.Operation) -> Sequence[ir.Value] | None:
    """Gradients of operand, scale and offset."""
    operand, scale, mean, variance, gradient = op.operands
    norm = _Normalization(op, operand)
    if norm.count is None:
        return None
    centred = norm.centred(mean)
    deviation = norm.deviation(variance)
    offset_gradient = norm.sum(gradient)
    product = norm.sum(norm.multiply(gradient, centred))
    scale_gradient = norm.divide(product, deviation)
    squared = norm.multiply(deviation, deviation)
    drift = norm.multiply(norm.spread(norm.divide(product, squared)), centred)
    total = norm.multiply(gradient, norm.number(norm.count, gradient))
    rest = norm.subtract(norm.subtract(total, norm.spread(offset_gradient)), drift)
    factor = norm.divide(norm.divide(scale, deviation), norm.number(norm.count, scale))
    return [norm.multiply(norm.spread(factor), rest), scale_gradient, offset_gradient]


class _Normalization:
    """Arithmetic on tensors of the operand's shape, and on those with one element a feature.

    Attributes:
        count: elements of a feature, None where the shape is dynamic.
    """

    def __init__(self, op: ir.Operation, operand: ir.Value) -> None:
        self._type = ir.RankedTensorType(operand.type)
        self._operand = operand
        self._feature = ir.IntegerAttr(op.attributes["feature_index"]).value
        self._epsilon = ir.FloatAttr(op.attributes["epsilon"]).value
        self._reduced = [index for index in range(self._type.rank) if index != self._feature]
        self.count: float | None = 1.0 if self._type.has_static_shape else None
        if self.count is not None:
            for index in self._reduced:
                self.count *= self._type.get_dim_size(index)

    def divide(self, left: ir.Value, right: ir.Value) -> ir.Value:
        return stablehlo("divide", [left, right], left.type)

    def multiply(self, left: ir.Value, right: ir.Value) -> ir.Value:
        return stablehlo("multiply", [left, right], left.type)

    def subtract(self, left: ir.Value, right: ir.Value) -> ir.Value:
        return stablehlo("subtract", [left, right], left.type)

    def number(self, value: float, like: ir.Value) -> ir.Value:
        """A number in the shape of a tensor."""
        return self._broadcast(_scalar(value, self._type.element_type), [], like.type)

    def spread(self, value: ir.Value) -> ir.Value:
        """One element a feature in the shape of the operand."""
        return self._broadcast(value, [self._feature], self._type)

    def deviation(self, variance: ir.Value) -> ir.Value:
        """sqrt(variance + epsilon)."""
        shifted = stablehlo("add", [variance, self.number(self._epsilon, variance)], variance.type)
        return stablehlo("sqrt", [shifted], shifted.type)

    def centred(self, mean: ir.Value) -> ir.Value:
        return self.subtract(self._operand, self.spread(mean))

    def scaled(self, normal: ir.Value, scale: ir.Value, offset: ir.Value) -> ir.Value:
        product = self.multiply(normal, self.spread(scale))
        return stablehlo("add", [product, self.spread(offset)], product.type)

    def mean(self, value: ir.Value) -> ir.Value:
        assert self.count is not None
        total = self.sum(value)
        return self.divide(total, self.number(self.count, total))

    def sum(self, value: ir.Value) -> ir.Value:
        """Sum of each feature's elements."""
        element = self._type.element_type
        scalar = ir.RankedTensorType.get([], element)
        result = ir.RankedTensorType.get([self._type.get_dim_size(self._feature)], element)
        reduce = ir.Operation.create(
            "stablehlo.reduce",
            results=[result],
            operands=[value, _scalar(0.0, element)],
            attributes={"dimensions": ir.DenseI64ArrayAttr.get(self._reduced)},
            regions=1,
        )
        location = ir.Location.unknown()
        body = ir.Block.create_at_start(reduce.regions[0], [scalar, scalar], [location, location])
        with ir.InsertionPoint(body):
            total = stablehlo("add", list(body.arguments), scalar)
            ir.Operation.create("stablehlo.return", operands=[total])
        return reduce.result

    @staticmethod
    def _broadcast(value: ir.Value, dimensions: list[int], type: ir.Type) -> ir.Value:
        return stablehlo(
            "broadcast_in_dim", [value], type, {"broadcast_dimensions": ir.DenseI64ArrayAttr.get(dimensions)}
        )


def _scalar(value: float, element: ir.Type) -> ir.Value:
    type = ir.RankedTensorType.get([], element)
    attribute = ir.DenseElementsAttr.get_splat(type, ir.FloatAttr.get(element, value))
    return stablehlo("constant", [], type, {"value": attribute})
