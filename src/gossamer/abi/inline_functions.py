"""The modules `hal_inline` and `hal_loader`: what programs compiled for inline execution call.

Spec: `iree/modules/hal/inline/exports.inl` and `iree/modules/hal/loader/exports.inl` of IREE 3.13.0.
"""

from __future__ import annotations

from gossamer.abi.hal_functions import HAL
from gossamer.abi.module_interface import ModuleInterface
from gossamer.versions import HAL_INLINE_MODULE_VERSION, HAL_LOADER_MODULE_VERSION

HAL_INLINE = ModuleInterface("hal_inline", HAL_INLINE_MODULE_VERSION)

HAL_INLINE.declare("buffer.allocate", "0iI_rr")
HAL_INLINE.declare("buffer.allocate.initialized", "0irII_rr")
HAL_INLINE.declare("buffer.length", "0r_I")
HAL_INLINE.declare("buffer.storage", "0r_r")
HAL_INLINE.declare("buffer.subspan", "0rII_r")
HAL_INLINE.declare("buffer.wrap", "0rII_r")
HAL_INLINE.declare("device.query.i64", "0rr_iI")
for _function in HAL.functions.values():
    if _function.name.startswith("buffer_view."):
        HAL_INLINE.declare(_function.name, _function.calling_convention)

HAL_LOADER = ModuleInterface("hal_loader", HAL_LOADER_MODULE_VERSION)

HAL_LOADER.declare("executable.dispatch", "0rIiiiCiDCrIID_v")
HAL_LOADER.declare("executable.load", "0rrr_r")
HAL_LOADER.declare("executable.lookup.function", "0rr_I")
HAL_LOADER.declare("executable.query_support", "0r_i")
