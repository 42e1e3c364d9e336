"""Selects boxes by score, leaving out those that overlap one that is selected: a loop over selections.

    SelectBoxes(boxes [n, b, 4], scores [n, c, b], count [1], overlap [1], least [1]) -> [n, c, count] of i64

A result is the number of a box, or -1 where there is none left. All batches and classes go on together.
"""

from __future__ import annotations

from gossamer.compiler.input.onnx.calls import builtin_type, call_function
from gossamer.compiler.input.onnx.function_text import FunctionText, Size, Tensor
from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find

_NAME = "onnx.SelectBoxes"
_CENTER = "torch.onnx.center_point_box"
_BELOW_ALL = "0xFF800000"
"""Minus infinity, in 32 bits."""
_KEYS = ("boxes", "scores", "count", "overlap", "least")
_BATCH, _PAIR, _ALL = "(d0, d2)", "(d0, d1)", "(d0, d1, d2)"


def lower_boxes(module: ir.Module) -> None:
    """Replace selections of boxes of a module by calls of functions."""
    number = 0
    for op in find(module.operation, "torch.operator"):
        if ir.StringAttr(op.attributes["name"]).value == _NAME:
            types = {key: builtin_type(value.type) for key, value in zip(_KEYS, op.operands, strict=True)}
            is_centered = _CENTER in op.attributes and ir.IntegerAttr(op.attributes[_CENTER]).value == 1
            text, results = _function(types, f"__select_boxes_{number}", is_centered)
            call_function(op, module, f"__select_boxes_{number}", text, list(op.operands), results)
            number += 1


def _function(types: dict[str, ir.RankedTensorType], name: str, is_centered: bool) -> tuple[str, list[str]]:
    text = FunctionText()
    given = {key: text.argument(f"%{key}", type) for key, type in types.items()}
    scores = given["scores"]
    batch, classes, boxes = scores.sizes
    zero = text.index(0)
    number = text.value(f"tensor.extract {given['count'].name}[{zero}] : {given['count'].type}")
    count = Size("?", text.value(f"arith.index_cast {number} : i64 to index"))
    bounds = [
        text.value(f"tensor.extract {given[key].name}[{zero}] : {given[key].type}")
        for key in ("overlap", "least")
    ]
    corners = _corners(text, given["boxes"], (batch, boxes), is_centered)
    live = text.elementwise([scores], lambda body, values: _where_above(body, values[0], bounds[1]))
    init = text.empty((batch, classes, count), "i64")
    loop, one = text.index(0), text.index(1)
    carried = [text.name(), text.name()]
    results = [text.name(), text.name()]
    text.lines.append(
        f"{results[0]}, {results[1]} = scf.for %t = {loop} to {count.operand} step {one} "
        f"iter_args({carried[0]} = {live.name}, {carried[1]} = {init.name}) -> ({live.type}, {init.type}) {{"
    )
    before = Tensor(carried[0], live.sizes, "f32")
    best = _best(text, before)
    after = _without_overlaps(text, before, best, corners, bounds[0])
    whole = f"[0, 0, %t] [{batch.operand}, {classes.operand}, 1] [1, 1, 1]"
    written = text.value(
        f"tensor.insert_slice {best.name} into {carried[1]}{whole} : {best.type} into {init.type}"
    )
    text.lines += [f"scf.yield {after.name}, {written} : {live.type}, {init.type}", "}"]
    text.lines.append(f"return {results[1]} : {init.type}")
    arguments = ", ".join(f"%{key}: {type}" for key, type in types.items())
    header = f"func.func private @{name}({arguments}) -> {init.type} {{"
    return "\n".join([header, *text.lines, "}"]), [init.type]


def _where_above(body: FunctionText, score: str, least: str) -> str:
    is_above = body.value(f"arith.cmpf ogt, {score}, {least} : f32")
    return body.value(f"arith.select {is_above}, {score}, {_below_all(body)} : f32")


def _below_all(body: FunctionText) -> str:
    return body.value(f"arith.constant {_BELOW_ALL} : f32")


def _corners(text: FunctionText, boxes: Tensor, sizes: tuple[Size, Size], is_centered: bool) -> list[Tensor]:
    """Least and largest coordinates of both axes, [n, b] each."""
    columns = [
        text.reassociated(
            text.slice(boxes, ["0", "0", str(index)], [*sizes, Size.of(1)]), "[[0], [1, 2]]", sizes
        )
        for index in range(4)
    ]
    made: list[Tensor] = []
    for axis in range(2):
        first, second = columns[axis], columns[axis + 2]
        for sign, extreme in (("subf", "minimumf"), ("addf", "maximumf")):

            def place(body: FunctionText, values: list[str], sign: str = sign, extreme: str = extreme) -> str:
                if not is_centered:
                    return body.value(f"arith.{extreme} {values[0]}, {values[1]} : f32")
                half = body.value("arith.constant 0.5 : f32")
                reach = body.value(f"arith.mulf {values[1]}, {half} : f32")
                return body.value(f"arith.{sign} {values[0]}, {reach} : f32")

            made.append(text.elementwise([first, second], place))
    return made


def _best(text: FunctionText, live: Tensor) -> Tensor:
    """Number of the box with the highest score, the first of equal ones, in each class; -1 for none."""
    outer = live.sizes[:2]
    inits = [_filled(text, _BELOW_ALL, outer, "f32"), _filled(text, "-1", outer, "i64")]

    def larger(body: FunctionText, values: list[str]) -> list[str]:
        score, most, box = values
        here = body.value(f"arith.index_cast {body.value('linalg.index 2 : index')} : index to i64")
        is_larger = body.value(f"arith.cmpf ogt, {score}, {most} : f32")
        return [
            body.value(f"arith.select {is_larger}, {score}, {most} : f32"),
            body.value(f"arith.select {is_larger}, {here}, {box} : i64"),
        ]

    return text.generics([(live, _ALL)], [(init, _PAIR) for init in inits], 3, larger, reduced=(2,))[1]


def _filled(text: FunctionText, number: str, sizes: tuple[Size, ...], element: str) -> Tensor:
    init = text.empty(sizes, element)
    value = text.value(f"arith.constant {number} : {element}")
    filled = text.value(
        f"linalg.fill ins({value} : {element}) outs({init.name} : {init.type}) -> {init.type}"
    )
    return Tensor(filled, sizes, element)


def _without_overlaps(
    text: FunctionText, live: Tensor, best: Tensor, corners: list[Tensor], overlap: str
) -> Tensor:
    """Scores without the box that was selected, and those that overlap it by more than is allowed."""

    def chosen(body: FunctionText, values: list[str]) -> list[str]:
        zero = body.value("arith.constant 0 : i64")
        index = body.value(
            f"arith.index_cast {body.value(f'arith.maxsi {values[0]}, {zero} : i64')} : i64 to index"
        )
        row = body.value("linalg.index 0 : index")
        return [body.value(f"tensor.extract {each.name}[{row}, {index}] : {each.type}") for each in corners]

    inits = [(text.empty(best.sizes, "f32"), _PAIR) for _ in corners]
    selected = text.generics([(best, _PAIR)], inits, 2, chosen)

    def keep(body: FunctionText, values: list[str]) -> str:
        score, box = values[0], values[1]
        own, other = values[2:6], values[6:10]
        sides: list[str] = []
        for axis in (0, 2):
            end = body.value(f"arith.minimumf {own[axis + 1]}, {other[axis + 1]} : f32")
            start = body.value(f"arith.maximumf {own[axis]}, {other[axis]} : f32")
            side = body.value(f"arith.subf {end}, {start} : f32")
            sides.append(body.value(f"arith.maximumf {side}, {body.value('arith.constant 0.0 : f32')} : f32"))
        common = body.value(f"arith.mulf {sides[0]}, {sides[1]} : f32")
        areas = [_area(body, each) for each in (own, other)]
        both = body.value(f"arith.addf {areas[0]}, {areas[1]} : f32")
        union = body.value(f"arith.subf {both}, {common} : f32")
        ratio = body.value(f"arith.divf {common}, {union} : f32")
        overlaps = body.value(f"arith.cmpf ogt, {ratio}, {overlap} : f32")
        here = body.value(f"arith.index_cast {body.value('linalg.index 2 : index')} : index to i64")
        is_it = body.value(f"arith.cmpi eq, {here}, {box} : i64")
        gone = body.value(f"arith.ori {overlaps}, {is_it} : i1")
        return body.value(f"arith.select {gone}, {_below_all(body)}, {score} : f32")

    operands: list[Tensor | tuple[Tensor, str]] = [live, (best, _PAIR)]
    operands += [(each, _PAIR) for each in selected]
    operands += [(each, _BATCH) for each in corners]
    return text.elementwise(operands, keep)


def _area(body: FunctionText, corners: list[str]) -> str:
    sides = [body.value(f"arith.subf {corners[axis + 1]}, {corners[axis]} : f32") for axis in (0, 2)]
    return body.value(f"arith.mulf {sides[0]}, {sides[1]} : f32")
