"""A transformer encoder and a ResNet-18 from JAX on llvm-cpu: compiled by IREE and by us, run by IREE.

Usage: python benchmarks/large_models.py [transformer_encoder resnet18]

Prints, as ours / IREE's: time and peak memory of a compile, without and with what was kept of an earlier one;
the number of dispatches, the transient memory and the time of a call. Compiles and calls alternate, and the
least time of each counts. A call is compared with the best of IREE's flags. Exporting needs the dependency
group `benchmark`, see `jax_models.py`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from jax_models import python_with_jax
from rounds import REFERENCE, REPOSITORY, TARGET, Call, real_time_prefix, tool_microseconds

EXPORT = REPOSITORY / "benchmarks" / "jax_export_large.py"
OURS = Path(sys.executable).parent
SMALL = REPOSITORY / "examples" / "multiple_modules" / "module_a.mlir"
MODELS = ("transformer_encoder", "resnet18")
ROUNDS, CALLS = 3, 5
REFERENCE_FLAGS: tuple[tuple[str, ...], ...] = ((), ("--iree-opt-level=O3",), ("--iree-opt-data-tiling",))


@dataclass
class Compile:
    """What compiles of one side took.

    Attributes:
        seconds, kib: wall time and peak memory of each process; not of those that it starts.
        statistics: what `--iree-scheduling-dump-statistics-*` says.
    """

    seconds: list[float] = field(default_factory=list)
    kib: list[int] = field(default_factory=list)
    statistics: str = ""

    def count(self, name: str) -> int:
        """A number of the statistics."""
        found = re.search(rf"{name}\D*?(\d+)", self.statistics)
        return int(found[1]) if found else 0


def compile_once(binaries: Path, source: Path, output: Path, cache: Path, flags: tuple[str, ...]) -> Compile:
    """Compile a program; raises CalledProcessError where the compiler fails."""
    command = [binaries / "iree-compile", *TARGET, *flags, source, "-o", output]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env={**environment, "GOSSAMER_CACHE_DIR": str(cache)}, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise subprocess.CalledProcessError(status, command)
    return Compile([seconds], [usage.ru_maxrss])


def statistics(binaries: Path, source: Path, flags: tuple[str, ...]) -> str:
    """What a compiler says about the schedule of a program."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "statistics.txt"
        says = (
            "--iree-scheduling-dump-statistics-format=pretty",
            f"--iree-scheduling-dump-statistics-file={file}",
        )
        compile_once(binaries, source, Path(folder) / "module.vmfb", Path(folder), (*flags, *says))
        return file.read_text()


def compare_compiles(title: str, source: Path, folder: Path, flags: tuple[str, ...]) -> None:
    """Compile alternately, ours without and with what is kept, and print ratios."""
    ours, kept, theirs = Compile(), Compile(), Compile()
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as cache:
            for total in (ours, kept):
                once = compile_once(OURS, source, folder / f"{source.stem}.ours.vmfb", Path(cache), flags)
                total.seconds += once.seconds
                total.kib += once.kib
        once = compile_once(REFERENCE, source, folder / f"{source.stem}.vmfb", folder, flags)
        theirs.seconds += once.seconds
        theirs.kib += once.kib
    print(f"{title}: compile {min(ours.seconds):.2f} s / {min(theirs.seconds):.2f} s", end=" ")
    print(f"= {min(ours.seconds) / min(theirs.seconds):.2f}, kept {min(kept.seconds):.2f} s;", end=" ")
    print(
        f"memory {max(ours.kib) >> 10} / {max(theirs.kib) >> 10} MiB = {max(ours.kib) / max(theirs.kib):.2f}"
    )


def compare_schedules(source: Path, flags: tuple[str, ...]) -> None:
    """Print how many dispatches a call makes, and the transient memory that it takes."""
    sides = [Compile(statistics=statistics(binaries, source, flags)) for binaries in (OURS, REFERENCE)]
    for title, name in (("dispatches", "Dispatches:"), ("bytes of a call", "Submissions: \\d+, using")):
        ours, theirs = (side.count(name) for side in sides)
        print(f"  {title}: {ours} / {theirs} = {ours / max(theirs, 1):.2f}")


def compare_calls(source: Path, folder: Path, flags: tuple[str, ...]) -> None:
    """Print how long a call takes, beside the best of IREE's flags."""
    modules = {"ours": folder / f"{source.stem}.ours.vmfb"}
    for tried in REFERENCE_FLAGS:
        output = folder / f"{source.stem}{''.join(tried)}.vmfb"
        try:
            compile_once(REFERENCE, source, output, folder, (*flags, *tried))
        except subprocess.CalledProcessError:
            print(f"  IREE does not compile it with {' '.join(tried)}")
        else:
            modules[" ".join(tried) or "no flags"] = output
    argument = source.with_suffix(".argument.npy")
    least: dict[str, float] = dict.fromkeys(modules, float("inf"))
    for _ in range(ROUNDS):
        for name, module in modules.items():
            call = Call(module, "main", (argument,), (f"--input=@{argument}",))
            times = tool_microseconds(call, "local-sync", 0, CALLS, real_time_prefix())
            least[name] = min(least[name], *times)
    best = min((name for name in modules if name != "ours"), key=least.__getitem__)
    ours, theirs = least["ours"] / 1e3, least[best] / 1e3
    print(f"  call: {ours:.1f} ms / {theirs:.1f} ms ({best}) = {ours / theirs:.2f}", flush=True)


def main() -> None:
    folder = Path(tempfile.gettempdir()) / "gossamer-large-models"
    if not (folder / "done").exists():
        subprocess.run([python_with_jax(), EXPORT, folder], check=True)
        (folder / "done").touch()
    compare_compiles("small module", SMALL, folder, ())
    flags = ("--iree-input-type=stablehlo",)
    for name in sys.argv[1:] or MODELS:
        source = folder / f"{name}.mlir"
        compare_compiles(name, source, folder, flags)
        compare_schedules(source, flags)
        compare_calls(source, folder, flags)


if __name__ == "__main__":
    main()
