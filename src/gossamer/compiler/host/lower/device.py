"""Finds the device that a module runs on, when the module is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.abi import hal_functions as hal
from gossamer.abi.ref_types import DEVICE
from gossamer.compiler.executable import ExecutableTarget
from gossamer.compiler.host.lower.context import DEVICE_GLOBAL, LoweringContext
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.errors import StatusCode

_DEVICE_ID = "hal.device.id"
EXECUTABLE_FORMAT = "hal.executable.format"
"""Category of the question whether a device loads executables of a format."""


@dataclass(frozen=True, slots=True)
class DeviceTarget:
    """The device a module runs on.

    Attributes:
        name: what options call it.
        executable_targets: it must take the executable format of one of them.
        ordinal: which of the devices that fit it is; None is the first.
    """

    name: str
    executable_targets: tuple[ExecutableTarget, ...]
    ordinal: int | None = None

    def __str__(self) -> str:
        targets = ", ".join(map(str, self.executable_targets))
        ordinal = "" if self.ordinal is None else f", {{ordinal = {self.ordinal} : index}}"
        return f'#hal.device.target<"{self.name}"{ordinal}, [{targets}]>'


def find_device(context: LoweringContext, target: DeviceTarget | None) -> None:
    """Store the first device that fits, or fail; any fits a program that was compiled for none."""
    builder = context.builder
    first = _search(context, target) if target else context.call(hal.DEVICES_GET, builder.i32(0))
    builder.effect("global.store.ref", first, symbol=DEVICE_GLOBAL, type=DEVICE)


def _search(context: LoweringContext, target: DeviceTarget) -> ir.Value:
    """The device that fits, of several the one with the target's ordinal."""
    builder = context.builder
    device_type = ir.ref(DEVICE)
    count = context.call(hal.DEVICES_COUNT)
    index = ir.Value(ir.I32)
    # How many that fit were passed over; without an ordinal, none is.
    passed = [ir.Value(ir.I32)] if target.ordinal else []
    loop, body, following = ir.Block([index, *passed]), context.new_block(), context.new_block()
    context.function.blocks.append(loop)
    found = ir.Block([ir.Value(device_type)])
    missing = context.new_block()
    builder.br(loop, builder.i32(0), *(builder.i32(0) for _ in passed))
    builder.block = loop
    builder.cond_br(builder.op("cmp.lt.i32.s", index, count), body, [], missing, [])
    builder.block = body
    device = context.call(hal.DEVICES_GET, index)
    require(context, device, _DEVICE_ID, f"{target.name}*", following)
    formats = list(dict.fromkeys(each.format for each in target.executable_targets))
    fits = context.new_block() if passed else None
    for format in formats[:-1]:
        otherwise = context.new_block()
        require(context, device, EXECUTABLE_FORMAT, format, otherwise)
        _accept(builder, found, device, fits)
        builder.block = otherwise
    for format in formats[-1:]:
        require(context, device, EXECUTABLE_FORMAT, format, following)
    _accept(builder, found, device, fits)
    if fits is not None:
        others = context.new_block()
        builder.block = fits
        is_it = builder.op("cmp.eq.i32", passed[0], builder.i32(target.ordinal or 0))
        builder.cond_br(is_it, found, [device], others, [])
        builder.block = others
        builder.br(loop, _next(builder, index), _next(builder, passed[0]))
    builder.block = following
    builder.br(loop, _next(builder, index), *passed)
    builder.block = missing
    message = f"HAL device `{DEVICE_GLOBAL}` not found or unavailable: {target}"
    builder.fail(builder.i32(StatusCode.INCOMPATIBLE), message)
    context.function.blocks.append(found)
    context.start_block(found)
    return found.arguments[0]


def _accept(builder: Builder, found: ir.Block, device: ir.Value, fits: ir.Block | None) -> None:
    """Leave the search with a device, or see first whether it is the one."""
    if fits is None:
        builder.br(found, device)
    else:
        builder.br(fits)


def _next(builder: Builder, number: ir.Value) -> ir.Value:
    return builder.op("add.i32", number, builder.i32(1))


def require(context: LoweringContext, device: ir.Value, category: str, key: str, otherwise: ir.Block) -> None:
    """Go on in a new block where a device says yes to a query, in `otherwise` elsewhere."""
    builder = context.builder
    known, value = builder.call_import(
        ir.import_of(hal.DEVICE_QUERY_I64), device, builder.string(category), builder.string(key)
    )
    accepted = context.new_block()
    answer = builder.op("and.i32", known, builder.op("cmp.nz.i64", value))
    builder.cond_br(answer, accepted, [], otherwise, [])
    builder.block = accepted
