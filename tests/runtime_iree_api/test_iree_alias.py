"""`import iree.runtime` after `iree_alias.install()` or with the package for it, each in its own process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PACKAGE = Path(__file__).parents[2] / "packages" / "gossamer-iree" / "src"
_INSTALL = "from gossamer.runtime import iree_alias; iree_alias.install();"


def _run(code: str, *folders: Path) -> str:
    """What a program prints that finds packages in some folders too."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
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


@pytest.mark.parametrize(
    "code",
    [
        "import iree.runtime as rt; from iree.runtime import flags",
        "from iree import runtime as rt; import iree.runtime.flags as flags",
        "import iree.runtime.flags as flags; import iree.runtime; rt = iree.runtime",
        "from iree.runtime.flags import parse_flags; from iree import runtime as rt; flags = rt.flags",
        "import gossamer.runtime; import iree.runtime as rt; from iree.runtime import flags",
    ],
)
def test_a_package_makes_the_import_enough(code: str) -> None:
    code += "; import gossamer.runtime as ours; print(rt is ours, flags is ours.flags, rt.VmModule.__name__)"
    assert _run(code, _PACKAGE) == "True True VmModule\n"


def test_the_package_leaves_the_namespace_to_others(tmp_path: Path) -> None:
    (tmp_path / "iree" / "turbine").mkdir(parents=True)
    (tmp_path / "iree" / "turbine" / "__init__.py").write_text("from iree.runtime import VmModule")
    code = "import iree.turbine, iree.runtime; print(iree.turbine.VmModule is iree.runtime.VmModule)"
    assert _run(code, _PACKAGE, tmp_path) == "True\n"


def test_the_package_and_the_call_may_meet() -> None:
    assert _run(_INSTALL + "import iree.runtime; iree_alias.install()", _PACKAGE) == ""
    assert _run("import iree.runtime;" + _INSTALL, _PACKAGE) == ""


def test_the_leak_checker_can_be_told_off() -> None:
    code = "import iree.runtime as rt; print(rt._binding.disable_leak_checker())"
    assert _run(_INSTALL + code) == "None\n"
