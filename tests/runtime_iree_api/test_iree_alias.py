"""`import iree.runtime` after `iree_alias.install()`, in processes of their own."""

from __future__ import annotations

import subprocess
import sys

_INSTALL = "from gossamer.runtime import iree_alias; iree_alias.install();"


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_spelling_of_an_import_finds_ours() -> None:
    output = _run(
        _INSTALL
        + "import iree.runtime, iree.runtime as rt, iree.runtime.system_api\n"
        + "from iree import runtime\n"
        + "from iree.runtime import system_setup, VmModule\n"
        + "from iree.runtime._binding import VmInstance, create_hal_driver\n"
        + "from iree.runtime.array_interop import DeviceArray\n"
        + "from iree.runtime.function import FunctionInvoker\n"
        + "from iree.runtime.dtypes import DTYPE_TO_ABI_TYPE\n"
        + "from iree.runtime.typing import HalModuleBufferViewTraceCallback\n"
        + "from iree.runtime.version import VERSION\n"
        + "print(rt is runtime is iree.runtime, rt.__name__, iree.runtime.system_api is rt.system_api)"
    )
    assert output == "True gossamer.runtime True\n"


def test_twice_is_once() -> None:
    assert _run(_INSTALL + "iree_alias.install()") == ""


def test_another_runtime_stays() -> None:
    output = _run(
        "import sys, types; sys.modules['iree.runtime'] = module = types.ModuleType('iree.runtime')\n"
        "module.__file__ = 'theirs.py'\n"
        "from gossamer.runtime import iree_alias\n"
        "try: iree_alias.install()\n"
        "except ImportError as error: print(error)"
    )
    assert output == "iree.runtime is imported already, from theirs.py\n"


def test_names_of_nobody() -> None:
    code = "import iree.runtime._binding as b\ntry: b.Nothing\nexcept AttributeError as error: print(error)"
    assert "no attribute 'Nothing'" in _run(_INSTALL + code)
