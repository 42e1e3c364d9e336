"""Devices that a program names itself, which count before those of the options, as in IREE.

They are `hal.device.targets` of the module, or globals of type `!hal.device`. A program runs on one device
here: what places its parts on others gives the same values on the one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gossamer.compiler.mlir import ir, source_location
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.source import Source
from gossamer.compiler.target.registry import target_names
from gossamer.compiler.walk import find, walk
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_TARGETS = "hal.device.targets"
_DEVICE_TYPE = "!hal.device"
_ALIAS = re.compile(r"^(#[\w$.-]+) = (.+)$", re.MULTILINE)
_USE = re.compile(r"#[\w$.-]+")
_DEVICE = re.compile(r'#hal\.device\.(?:target|alias)<"(?P<kind>[^"]*)"(?:\[(?P<index>\d+)\])?')
_ORDINAL = re.compile(r"ordinal = (\d+) : index")
_EXECUTABLE = re.compile(
    r'#hal\.executable\.target<"(?P<backend>[^"]*)", "(?P<format>[^"]*)"(?:, \{(?P<config>[^{}]*)\})?'
)
_SETTING = re.compile(r'(\w+) = "([^"]*)"')
_PLACE = re.compile(r"#hal\.device\.(?:promise|affinity)<@([\w$.-]+)")


@dataclass(frozen=True, slots=True)
class _Device:
    name: str
    text: str


def adopt_devices(module: ir.Module, options: CompileOptions, source: Source) -> CompileOptions:
    """The options, with the device that a program names; globals of devices leave the program.

    Raises: CompileError where the program names no device that can be compiled for, or places work on one
        that nothing declares.
    """
    if b"hal.device" not in source.data:
        return options
    devices = list(_stated_devices(module, source))
    names = [device.name for device in devices] or list(options.device_names)
    places = _places(module)
    for name, op in places.items():
        if names and name not in names:
            hint = f"--iree-hal-target-device={name}=local declares it"
            message = f"device @{name} is promised, and never declared (there are {', '.join(names)})"
            raise CompileError([Diagnostic(message, source_location(op.location), hint=hint)])
    chosen = options.choose_device(names)
    if chosen is None:
        hint = "--iree-hal-default-device= takes the name or the number of one"
        message = f"there is no device '{options.default_device}' (there are {', '.join(names)})"
        raise CompileError([Diagnostic(message, source_location(module.operation.location), hint=hint)])
    if len(places) > 1:
        source.warn(f"{source.name}: all work is done on one device, @{names[chosen] if names else 'local'}")
    return _adopted(devices[chosen], options, module) if devices else options


def _stated_devices(module: ir.Module, source: Source) -> Iterator[_Device]:
    aliases = dict(_ALIAS.findall(source.data.decode(errors="replace")))
    attributes = module.operation.attributes
    if _TARGETS in attributes:
        for number, attribute in enumerate(ir.ArrayAttr(attributes[_TARGETS])):
            yield _Device(f"device_{number}", _expanded(str(attribute), aliases))
    for op in find(module.operation, "util.global"):
        if str(ir.TypeAttr(op.attributes["type"]).value) == _DEVICE_TYPE and "initial_value" in op.attributes:
            name = ir.StringAttr(op.attributes["sym_name"]).value
            yield _Device(name, _expanded(str(op.attributes["initial_value"]), aliases))
            op.erase()


def _expanded(text: str, aliases: dict[str, str]) -> str:
    """The text of an attribute without aliases, which MLIR leaves in attributes of unknown dialects."""
    while any(use in aliases for use in _USE.findall(text)):
        text = _USE.sub(lambda use: aliases.get(use[0], use[0]), text)
    return text


def _places(module: ir.Module) -> dict[str, ir.Operation]:
    """Names of devices that work is placed on, each with an operation that does so."""
    places: dict[str, ir.Operation] = {}
    for op in walk(module.operation):
        for name in op.attributes:
            attribute = op.attributes[name]
            if not isinstance(attribute, ir.DenseElementsAttr):
                for place in _PLACE.findall(str(attribute)):
                    places.setdefault(place, op)
    return places


def _adopted(device: _Device, options: CompileOptions, module: ir.Module) -> CompileOptions:
    match = _choose(device)
    known = target_names()
    executables = [each for each in _EXECUTABLE.finditer(match) if each["backend"] in known]
    kind = _DEVICE.search(match)
    ordinal = _ORDINAL.search(match)
    if kind is None or not (executables or options.target_backends):
        message = f"device @{device.name} is nothing to compile for: {device.text}"
        hint = f"give it a #hal.executable.target of {', '.join(known)}"
        raise CompileError([Diagnostic(message, source_location(module.operation.location), hint=hint)])
    index = kind["index"] or (ordinal[1] if ordinal else None)
    options = replace(
        options,
        target_device=kind["kind"],
        device_ordinal=None if index is None else int(index),
        device_names=(device.name,),
    )
    if not executables:
        return options
    options = replace(options, target_backends=tuple(dict.fromkeys(each["backend"] for each in executables)))
    native = [each for each in executables if each["backend"] == "llvm-cpu"]
    settings = [dict(_SETTING.findall(each["config"] or "")) for each in native]
    if not native:
        return options
    return replace(
        options,
        llvmcpu_target_triple=settings[0].get("target_triple", ""),
        llvmcpu_target_cpus=tuple(filter(None, (setting.get("cpu") for setting in settings))),
        llvmcpu_target_features=settings[0].get("cpu_features", "") if len(settings) == 1 else "",
        llvmcpu_link_embedded=native[0]["format"].startswith("embedded-elf"),
    )


def _choose(device: _Device) -> str:
    """Of the devices to select from, the first with a backend that there is."""
    starts = [match.start() for match in _DEVICE.finditer(device.text)]
    parts = [device.text[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    known = target_names()
    for part in parts:
        if any(each["backend"] in known for each in _EXECUTABLE.finditer(part)):
            return part
    return parts[0] if parts else ""
