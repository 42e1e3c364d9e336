"""Compares functions of JAX with JAX itself: `python check_jax.py [--target=TARGET] [FAMILY[.NAME]...]`.

Prints each function that is wrong, or refused with its reason, and counts. TARGET is vmvx, llvm-cpu, or
iree: then IREE of `.venv-iree` compiles for llvm-cpu, and our runtime runs it. The exit code is 1 where one
is wrong.

Results of integers and truth values must be equal. Others may differ by a part of the largest element: 1e-4
of f32, 4e-3 of f16, 3e-2 of bf16; ten or a hundred times that where a function loses digits by its nature.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import numpy as np
from jax_functions import FAMILIES
from jax_functions.case import Array, Case

import gossamer
from gossamer.compiler.options import CompileOptions

REPOSITORY = Path(__file__).resolve().parents[2]

# Why: each function is run once, and this halves what that takes.
jax.config.update("jax_disable_most_optimizations", True)

_RELATIVE = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 1e-4, "complex64": 1e-4}
"""Allowed difference relative to the largest element, by type; other types must be equal."""

Compile = Callable[[str], bytes]


def compiler(target: str) -> Compile:
    """What compiles StableHLO text for a target."""
    if target == "iree":
        return _compile_with_iree
    options = CompileOptions(target_device="local", target_backends=(target,))
    return lambda text: gossamer.compile_text(text, options=options)


def _compile_with_iree(text: str) -> bytes:
    command = [
        str(REPOSITORY / ".venv-iree" / "bin" / "iree-compile"),
        *(
            "-",
            "-o",
            "-",
            "--iree-hal-target-device=local",
            "--iree-hal-local-target-device-backends=llvm-cpu",
        ),
        "--iree-llvmcpu-target-cpu=host",
    ]
    done = subprocess.run(command, input=text.encode(), capture_output=True)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").splitlines()
        raise ValueError(
            next((line for line in lines if "error:" in line), lines[-1] if lines else "no output")
        )
    return done.stdout


def export(case: Case) -> str:
    """StableHLO text of a function."""
    scope = jax.export.SymbolicScope()
    specs = [
        jax.ShapeDtypeStruct(
            jax.export.symbolic_shape(case.shapes[index], scope=scope) if case.shapes else argument.shape,
            argument.dtype,
        )
        for index, argument in enumerate(case.arguments)
    ]
    return jax.export.export(jax.jit(case.function), platforms=["cpu"])(*specs).mlir_module()


def check(case: Case, compile: Compile) -> tuple[str, str]:
    """A verdict, which is "right", "wrong" or "refused", and the reason."""
    text = export(case)
    try:
        module = compile(text)
    except Exception as error:
        return "refused", str(error).partition("\n")[0][:200]
    expected = [np.asarray(leaf) for leaf in jax.tree.leaves(jax.jit(case.function)(*case.arguments))]
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        try:
            results = pipeline.main["main"](*case.arguments)
        except Exception as error:
            return "wrong", f"{type(error).__name__}: {error}".partition("\n")[0][:200]
        found = [np.asarray(leaf) for leaf in (results if isinstance(results, (tuple, list)) else [results])]
    reason = difference(case, found, expected)
    return ("wrong", reason) if reason else ("right", "")


def difference(case: Case, found: list[Array], expected: list[Array]) -> str:
    """The first result that differs, in words; empty where all are right."""
    if len(found) != len(expected):
        return f"{len(found)} results in place of {len(expected)}"
    for index, (result, right) in enumerate(zip(found, expected, strict=True)):
        if result.dtype != right.dtype or result.shape != right.shape:
            return f"result {index}: {result.dtype}{result.shape} in place of {right.dtype}{right.shape}"
        if not right.size:
            continue
        wide = np.complex128 if right.dtype.kind == "c" else np.float64
        result, right, dtype = result.astype(wide), right.astype(wide), right.dtype.name
        finite = np.abs(right[np.isfinite(right)])
        bound = _RELATIVE.get(dtype, 0) * case.looseness * max(float(finite.max(initial=0)), 0.1)
        if not np.allclose(result, right, rtol=0, atol=bound, equal_nan=True):
            where = np.flatnonzero(~np.isclose(result, right, rtol=0, atol=bound, equal_nan=True).ravel())[0]
            return f"result {index}: {result.ravel()[where]} in place of {right.ravel()[where]}"
    return ""


def chosen(names: list[str]) -> Iterator[tuple[str, Case]]:
    """Functions of some families, or single ones, with their full names; all where no name is given."""
    for family, cases in FAMILIES.items():
        for case in cases:
            name = f"{family}.{case.name}"
            if not names or family in names or name in names:
                yield name, case


def main() -> int:
    target = next((word.partition("=")[2] for word in sys.argv[1:] if word.startswith("--target=")), "vmvx")
    compile = compiler(target)
    counts: Counter[str] = Counter()
    for name, case in chosen([word for word in sys.argv[1:] if not word.startswith("-")]):
        verdict, reason = check(case, compile)
        counts[verdict] += 1
        if reason:
            print(f"{verdict:8} {name}: {reason}", flush=True)
    print(
        f"{target}: {counts.total()} functions, "
        + ", ".join(f"{counts[v]} {v}" for v in ("right", "wrong", "refused"))
    )
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
