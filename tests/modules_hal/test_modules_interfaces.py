"""Modules that the runtime brings have all of their interfaces: no function less, none under another name."""

from __future__ import annotations

import pytest

from gossamer.abi.check_functions import CHECK
from gossamer.abi.hal_functions import HAL
from gossamer.abi.inline_functions import HAL_INLINE, HAL_LOADER
from gossamer.abi.module_interface import ModuleInterface
from gossamer.abi.parameter_functions import IO_PARAMETERS
from gossamer.abi.vmvx_functions import VMVX
from gossamer.modules.check import check_module
from gossamer.modules.hal.inline import HalInlineModule
from gossamer.modules.hal.loader import HalLoaderModule
from gossamer.modules.hal.module import HalModule
from gossamer.modules.io_parameters.module import IoParametersModule
from gossamer.modules.native import NativeModule
from gossamer.modules.vmvx.module import vmvx_module
from gossamer.runtime.devices import create_device


def module_of(interface: ModuleInterface) -> NativeModule:
    device = create_device("local-sync")
    match interface.name:
        case "hal":
            return HalModule([device])
        case "hal_inline":
            return HalInlineModule([device])
        case "hal_loader":
            return HalLoaderModule([device])
        case "io_parameters":
            return IoParametersModule()
        case "vmvx":
            return vmvx_module()
        case _:
            return check_module(print, str)


@pytest.mark.parametrize(
    "interface", [HAL, HAL_INLINE, HAL_LOADER, IO_PARAMETERS, VMVX, CHECK], ids=lambda each: each.name
)
def test_a_module_exports_its_interface(interface: ModuleInterface) -> None:
    module = module_of(interface)

    assert (module.name, module.version) == (interface.name, interface.version)
    assert {name: export.calling_convention for name, export in module.exports.items()} == {
        name: function.calling_convention for name, function in interface.functions.items()
    }
    assert all(function.minimum_version <= module.version for function in interface.functions.values())
