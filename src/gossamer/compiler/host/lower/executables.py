"""Creates executables when a module is loaded: of each the first variant that the device supports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TypeAlias

from gossamer.abi import hal_functions as hal
from gossamer.abi.command_flags import ANY_QUEUE
from gossamer.abi.ref_types import EXECUTABLE
from gossamer.compiler.executable import ExecutableBinary
from gossamer.compiler.host.lower.commands import function_id_global
from gossamer.compiler.host.lower.context import DEVICE_GLOBAL, LoweringContext
from gossamer.compiler.host.lower.device import EXECUTABLE_FORMAT, require
from gossamer.compiler.host.program.commands import Dispatch
from gossamer.compiler.host.program.program import HostExecutable
from gossamer.compiler.vm import ir
from gossamer.errors import StatusCode

Variants: TypeAlias = Mapping[str, Sequence[ExecutableBinary]]
"""What each executable was compiled to, by its name, most wanted first."""

_CPU_FEATURE = "hal.cpu"


def named_variants(executable: HostExecutable, variants: Variants) -> dict[str, ExecutableBinary]:
    """The variants of an executable by the names of their rodata."""
    binaries = variants[executable.name]
    if len(binaries) == 1:
        return {f"{executable.name}_binary": binaries[0]}
    named: dict[str, ExecutableBinary] = {}
    for binary in binaries:
        words = [executable.name, binary.target.format, *filter(None, [binary.target.cpu]), "binary"]
        named["_".join(words).replace("-", "_")] = binary
    return named


def create_executable(context: LoweringContext, executable: HostExecutable, variants: Variants) -> None:
    """Store the executable that the device makes of the first variant that it supports, or fail."""
    builder = context.builder
    named = named_variants(executable, variants)
    stored = ir.Block()
    for format, group in groupby(named.items(), lambda item: item[1].target.format):
        *better, least = group
        otherwise = context.new_block()
        require(context, context.device(), EXECUTABLE_FORMAT, format, otherwise)
        # Why the least demanding first: devices of IREE's know their processor once they have loaded kernels.
        _create_variant(context, executable.name, *least)
        for name, binary in better:
            following = context.new_block()
            for feature in binary.target.conditions:
                require(context, context.device(), _CPU_FEATURE, feature, following)
            _create_variant(context, executable.name, name, binary)
            builder.br(stored)
            context.start_block(following)
        builder.br(stored)
        context.start_block(otherwise)
    targets = ", ".join(str(binary.target) for binary in named.values())
    builder.fail(
        builder.i32(StatusCode.UNAVAILABLE),
        f"HAL device `{DEVICE_GLOBAL}` does not support any variant of executable `{executable.name}`; "
        f"there are: [{targets}]",
    )
    context.function.blocks.append(stored)
    context.start_block(stored)


def _create_variant(context: LoweringContext, executable: str, rodata: str, binary: ExecutableBinary) -> None:
    builder = context.builder
    data = builder.op("const.ref.rodata", symbol=rodata, result_ref_type="!vm.buffer")
    handle = context.call(
        hal.EXECUTABLE_CREATE,
        context.device(),
        builder.i64(ANY_QUEUE),
        builder.string(binary.target.format),
        data,
        builder.null("!vm.buffer"),
    )
    builder.effect("global.store.ref", handle, symbol=executable, type=EXECUTABLE)


def look_up_function(context: LoweringContext, dispatch: Dispatch) -> None:
    """Store the number that a dispatch's kernel has in the executable that was created."""
    builder = context.builder
    executable = context.load_global(dispatch.executable)
    name = builder.string(dispatch.kernel.export_name)
    number = context.call(hal.EXECUTABLE_LOOKUP_FUNCTION, executable, name)
    builder.effect("global.store.i64", number, symbol=function_id_global(context.program, dispatch))
