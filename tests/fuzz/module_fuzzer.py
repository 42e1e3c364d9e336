"""Mutated modules, loaded and called under limits, in child processes that may die or hang.

    python tests/fuzz/module_fuzzer.py --count 20000 --seed 1 corpus/*.vmfb

Generators make a file from a good one: a field set to a telling value, bytes flipped, cut, copied about, or
an instruction's operand changed. The oracle: loading and calling either work or raise a `StatusError`; bad
bytes raise `FormatError` with an offset. Anything else, a crash of the process, or a batch that does not end
is a failure, and its seed is printed: `--count 1 --seed S` runs it alone.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gossamer.vm.limits import Limits

BATCH = 250
SECONDS_PER_CASE = 2.0
INTERESTING = (0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000,
               0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)  # fmt: skip


def mutate(data: bytes, generator: random.Random) -> bytes:
    """One mutated copy of a good file."""
    mutated = bytearray(data)
    for _ in range(generator.choice((1, 1, 1, 2, 4))):
        _MUTATORS[generator.randrange(len(_MUTATORS))](mutated, generator)
    return bytes(mutated)


def _set_word(data: bytearray, generator: random.Random) -> None:
    if len(data) >= 8:
        size = generator.choice((1, 2, 4, 8))
        position = generator.randrange(0, len(data) - 7) & -size
        value = generator.choice((*INTERESTING, len(data), generator.getrandbits(32)))
        data[position : position + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")


def _nudge_word(data: bytearray, generator: random.Random) -> None:
    if len(data) >= 4:
        position = generator.randrange(0, len(data) - 3) & -2
        value = int.from_bytes(data[position : position + 2], "little") + generator.choice(
            (-4, -2, -1, 1, 2, 4)
        )
        data[position : position + 2] = (value & 0xFFFF).to_bytes(2, "little")


def _flip_bit(data: bytearray, generator: random.Random) -> None:
    if data:
        data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)


def _random_bytes(data: bytearray, generator: random.Random) -> None:
    position = generator.randrange(len(data) + 1)
    count = generator.randrange(1, 16)
    data[position : position + count] = generator.randbytes(min(count, max(len(data) - position, 0)))


def _truncate(data: bytearray, generator: random.Random) -> None:
    del data[generator.randrange(len(data) + 1) :]


def _copy_range(data: bytearray, generator: random.Random) -> None:
    if data:
        count = generator.choice((1, 2, 4, 8, 20, 64))
        source, target = generator.randrange(len(data)), generator.randrange(len(data))
        piece = data[source : source + count]
        data[target : target + len(piece)] = piece[: len(data) - target]


_MUTATORS = (_set_word, _set_word, _nudge_word, _nudge_word, _flip_bit, _flip_bit, _random_bytes, _truncate,
             _copy_range)  # fmt: skip


def run_case(data: bytes) -> str:
    """Load and call one file; the name of what happened.

    Everything is interpreted under limits first. What ends that way ends natively too, and is then run so:
    translated host functions, compiled kernels.
    Raises: whatever is neither success nor a `StatusError`.
    """
    from gossamer.vm.limits import DEFAULT_LIMITS, Limits

    outcome = _load_and_call(data, Limits(max_call_depth=64, max_steps=20_000, timeout_seconds=0.2))
    if outcome == "called":
        outcome = f"called, natively too: {_load_and_call(data, DEFAULT_LIMITS)}"
    return outcome


def _load_and_call(data: bytes, limits: Limits) -> str:
    from gossamer.errors import FormatError, StatusError
    from gossamer.hal.allocator import Allocator
    from gossamer.hal.local.sync_device import SyncDevice
    from gossamer.modules.vmvx_executable import VmvxLoader
    from gossamer.runtime.loading import with_system_modules
    from gossamer.vm.bytecode_module import load_bytecode_module
    from gossamer.vm.context import Context

    try:
        module = load_bytecode_module(data, limits=limits)
    except FormatError as error:
        if error.offset is None and not error.table:
            raise AssertionError(f"no place in: {error}") from error
        return "refused"
    except StatusError as error:
        return f"refused as {type(error).__name__}"
    device = SyncDevice(
        "local-sync",
        executable_loaders=[VmvxLoader(limits=limits)],
        allocator=Allocator(capacity_bytes=1 << 28),
    )
    try:
        with Context(with_system_modules([module], [device])) as context:
            outcomes = {_call_export(context, module, name, device) for name in module.exports}
    except StatusError:
        return "not linked"
    return "called" if "error" not in outcomes else "failed when called"


def _call_export(context: object, module: object, name: str, device: object) -> str:
    from gossamer.errors import StatusError
    from gossamer.hal.buffer_view import BufferView
    from gossamer.isa.calling_convention import Span, parse_calling_convention

    function = context.lookup(f"{module.name}.{name}")  # type: ignore[attr-defined]
    arguments: list[object] = []
    for argument in parse_calling_convention(function.calling_convention).arguments:
        if isinstance(argument, Span):
            arguments.append([])
        elif argument == "r":
            buffer = device.allocator.allocate_buffer(64)  # type: ignore[attr-defined]
            arguments.append(BufferView(buffer, [16], 0x21000020))
        else:
            arguments.append(3 if argument in "iI" else 1.5)
    if function.is_async:
        arguments[-2:] = [None, None]
    try:
        if function.resumable is None:
            function.callable(*arguments)
        else:
            # Why: the program may wait for a fence that nobody will ever signal.
            for _, _ in zip(range(8), function.resumable(*arguments), strict=False):
                pass
    except StatusError:
        return "error"
    return "ok"


def run_batch(corpus: list[Path], first_seed: int, count: int) -> None:
    """Run cases in this process, telling the parent about each before and after."""
    files = [path.read_bytes() for path in corpus]
    for seed in range(first_seed, first_seed + count):
        generator = random.Random(seed)
        data = mutate(generator.choice(files), generator)
        print(json.dumps({"start": seed}), flush=True)
        print(json.dumps({"seed": seed, "outcome": run_case(data)}), flush=True)


def fuzz(corpus: list[Path], seed: int, count: int) -> tuple[Counter[str], list[str]]:
    """Run cases in child processes; outcomes by name, and failures as text."""
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    position, end = seed, seed + count
    while position < end:
        size = min(BATCH, end - position)
        command = [sys.executable, __file__, "--batch", "--seed", str(position), "--count", str(size)]
        process = subprocess.Popen(
            [*command, *map(str, corpus)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            output, errors = process.communicate(timeout=30 + size * SECONDS_PER_CASE)
            ending = f"process ended with {process.returncode}: {errors[-2000:]}"
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            ending = "hang"
        lines = [json.loads(line) for line in output.splitlines()]
        outcomes.update(line["outcome"] for line in lines if "outcome" in line)
        last = max((line["start"] for line in lines if "start" in line), default=position)
        if process.returncode == 0:
            position += size
        else:
            failures.append(f"seed {last}: {ending}")
            position = last + 1
    return outcomes, failures


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", action="store_true", help="run in this process (used by the parent)")
    arguments = parser.parse_args()
    if arguments.batch:
        run_batch(arguments.corpus, arguments.seed, arguments.count)
        return 0
    outcomes, failures = fuzz(arguments.corpus, arguments.seed, arguments.count)
    for name, number in outcomes.most_common():
        print(f"{number:8} {name}")
    print(f"{len(failures):8} failures")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
