"""The module `check`: what programs that test themselves expect.

Spec: `iree/modules/check/module.cc` of IREE 3.13.0.
"""

from __future__ import annotations

from gossamer.abi.module_interface import ModuleInterface
from gossamer.versions import CHECK_MODULE_VERSION

CHECK = ModuleInterface("check", CHECK_MODULE_VERSION)

CHECK.declare("expect_true", "0i_v")
CHECK.declare("expect_false", "0i_v")
CHECK.declare("expect_all_true", "0rr_v")
CHECK.declare("expect_eq", "0rrr_v")
CHECK.declare("expect_almost_eq", "0rrrff_v")
