"""Stress of the native runner and its tile pool, in a process of their own, under checkers.

    python tests/stress/native_stress.py memcheck              Valgrind: reads and writes out of place, leaks
    python tests/stress/native_stress.py threads               ThreadSanitizer: data races
    python tests/stress/native_stress.py plain --rounds 200    no checker, many job lists
    python tests/stress/native_stress.py latency               how long one short submission takes

In: our IR, compiled for any x86-64 (checkers do not know every instruction of this machine), and random job
lists. Out: exit code 0 where all is clean. `runner_stress.c` is the driver; it needs gcc, and valgrind.
"""

from __future__ import annotations

import argparse
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import llvmlite.binding as llvm
from thread_checked_ir import check_threads

from gossamer.drivers.local.ir.guard_ir import STOP_SIGNAL, has_guard
from gossamer.drivers.local.ir.pool_layout import POOL_BYTES, POOL_FIELDS
from gossamer.drivers.local.ir.runner_ir import runner_ir
from gossamer.hal.command.command_program import CommandProgram, build_program
from gossamer.hal.command.records import (
    CopyRecord,
    DispatchRecord,
    FillRecord,
    Record,
    Reference,
    UpdateRecord,
)
from gossamer.hal.executable import ExecutableFunction

_DRIVER = Path(__file__).resolve().parent / "runner_stress.c"
_COUNT, _MIRROR, _FAIL, _TRAP, _ENDLESS = range(5)
_LOCAL_BYTES = 192
_HEADER_BYTES = 64
_SIZE_FIELD = 4
_FUNCTION_FIELD = 8
_JOB_LISTS = 24
_STALL_NANOSECONDS = 5_000_000


def random_job(generator: random.Random, *, traps: bool = False) -> tuple[CommandProgram, list[int]]:
    """Dispatches, fills, copies and updates over a few slots; also the bytes of each slot.

    Args:
        traps: one job list in four ends with a kernel that divides by zero, or one that never ends.
    """
    words = generator.choice((64, 257, 1000))
    slots = [4 * words] * 4
    records: list[Record] = []
    for _ in range(generator.randrange(1, 12)):
        records += _random_records(generator, words)
    if traps and generator.random() < 0.25:
        kernel = generator.choice((_TRAP, _ENDLESS))
        constants = (generator.randrange(64), generator.choice((0, 2000)))
        records.append(DispatchRecord(_kernel(kernel, 0, 0), (64, 1, 1), constants, ()))
    return build_program(records), slots


def _random_records(generator: random.Random, words: int) -> list[Record]:
    target, source = generator.sample(range(4), 2)
    offset, length = 8 * generator.randrange(words // 4), 8 * generator.randrange(1, words // 4)
    part = Reference(target, offset, length)
    match generator.choice(("dispatch", "dispatch", "dispatch", "fill", "copy", "update", "fail")):
        case "dispatch":
            return [_dispatch(generator, words, target, source)]
        case "fill":
            width = generator.choice((1, 2, 4, 8))
            return [FillRecord(part, generator.getrandbits(8 * width), width)]
        case "copy":
            return [CopyRecord(Reference(source, 8 * generator.randrange(words // 4), length), part)]
        case "update":
            size = min(length, 512)
            return [UpdateRecord(generator.randbytes(size), Reference(target, offset, size))]
        case _:
            fails = generator.random() < 0.2
            count = generator.choice((1, 8, 100))
            bad = generator.randrange(count) if fails else count
            return [
                DispatchRecord(_kernel(_FAIL, 0, 0), (count, 1, 1), (bad, generator.choice((0, 5000))), ())
            ]


def _dispatch(generator: random.Random, words: int, target: int, source: int) -> DispatchRecord:
    counts = generator.choice(((words, 1, 1), (16, 4, 1), (4, 4, 4), (1, 1, 1), (words // 8, 2, 2)))
    constants = (generator.getrandbits(32), generator.choice((0, 0, 100, 3000)))
    out = Reference(target, 0, -1)
    if generator.random() < 0.5:
        return DispatchRecord(_kernel(_COUNT, _LOCAL_BYTES, 1), counts, constants, (out,))
    return DispatchRecord(_kernel(_MIRROR, 0, 2), counts, constants, (Reference(source, 0, 4 * words), out))


def _kernel(number: int, local_memory_bytes: int, binding_count: int) -> ExecutableFunction:
    # The driver puts the address of a function of its own there.
    return ExecutableFunction(
        str(number), binding_count, 2, local_memory_bytes, address=1 + number, may_trap=number >= _TRAP
    )


def short_parallel_job() -> tuple[CommandProgram, list[int]]:
    """One dispatch of some 200 microseconds of work in 64 workgroups."""
    constants = (7, 3000)
    record = DispatchRecord(_kernel(_COUNT, _LOCAL_BYTES, 1), (64, 1, 1), constants, (Reference(0, 0, -1),))
    return build_program([record]), [256]


def write_jobs(path: Path, jobs: list[tuple[CommandProgram, list[int]]]) -> None:
    """Write job lists as the driver reads them."""
    parts = [struct.pack("<I", len(jobs))]
    for program, slots in jobs:
        encoded = bytes(program.memory)
        patches: list[tuple[int, int]] = []
        offset = _HEADER_BYTES
        for function in program.functions:
            if function is not None:
                patches.append((offset + _FUNCTION_FIELD, function.address - 1))
            (words,) = struct.unpack_from("<I", encoded, offset + _SIZE_FIELD)
            offset += 8 * words
        local = -(-program.local_memory_bytes // 64) * 64
        parts.append(struct.pack("<IIII", len(encoded), local, len(patches), len(slots)))
        parts += [struct.pack("<II", *patch) for patch in patches]
        parts.append(struct.pack(f"<{len(slots)}I", *slots))
        parts.append(encoded)
    path.write_bytes(b"".join(parts))


def build(folder: Path, *, is_thread_checked: bool = False) -> Path:
    """Compile the runner and link the driver with it; the program's path."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()
    triple = llvm.get_process_triple()
    text = runner_ir(triple)
    if is_thread_checked:
        text = check_threads(text)
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu="x86-64", opt=2, reloc="pic")
    module = llvm.parse_assembly(text)
    module.verify()
    llvm.create_pass_builder(
        machine, llvm.create_pipeline_tuning_options(speed_level=2)
    ).getModulePassManager().run(
        module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(2))
    )
    (folder / "runner.o").write_bytes(machine.emit_object(module))
    offsets = {"POOL_BYTES": POOL_BYTES}
    for name in ("participants", "crowded"):
        offsets[f"{name.upper()}_OFFSET"] = POOL_FIELDS[name].offset
    offsets["STOP_SIGNAL"] = STOP_SIGNAL
    layout = "".join(f"enum {{ {name} = {value} }};\n" for name, value in offsets.items())
    (folder / "runner_layout.h").write_text(layout)
    program = folder / "runner_stress"
    flags = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", f"-I{folder}"]
    flags += ["-fsanitize=thread"] if is_thread_checked else []
    command = ["gcc", *flags, str(_DRIVER), str(folder / "runner.o"), "-pthread", "-o", str(program)]
    subprocess.run(command, check=True)
    return program


def checker_command(kind: str) -> list[str]:
    """What runs the driver; an empty list runs it alone."""
    if kind == "memcheck":
        options = ["--error-exitcode=9", "--leak-check=full", "--fair-sched=yes", "--quiet"]
        return ["valgrind", *options]
    # Why: the sanitizer wants addresses where it expects them.
    return ["setarch", "-R"] if kind == "threads" and shutil.which("setarch") else []


def stress(kind: str, *, workers: int, submitters: int, rounds: int, repeats: int, seed: int) -> int:
    """Run random job lists under a checker; the exit code."""
    generator = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="native-stress-") as name:
        folder = Path(name)
        program = build(folder, is_thread_checked=kind == "threads")
        # The thread checker holds signals back, which is not what happens without it.
        traps = kind != "threads" and has_guard(llvm.get_process_triple())
        write_jobs(folder / "jobs", [random_job(generator, traps=traps) for _ in range(_JOB_LISTS)])
        numbers = (workers, submitters, rounds, repeats, seed, int(traps))
        command = [*checker_command(kind), str(program), "stress", str(folder / "jobs"), *map(str, numbers)]
        return subprocess.run(command).returncode


def latency(workers: int, submissions: int) -> str:
    """How long submissions of a short parallel job list take, and how much of that the system took away.

    With real-time priority, where the user may have it, other programs of the machine take nothing. Without,
    a submission counts as a stall of our own making where no thread of ours waited that long for a processor.
    """
    with tempfile.TemporaryDirectory(prefix="native-stress-") as name:
        folder = Path(name)
        program = build(folder)
        write_jobs(folder / "jobs", [short_parallel_job()])
        command = [str(program), "latency", str(folder / "jobs"), str(workers), str(submissions)]
        lines: list[str] = []
        for title, prefix in (("real-time priority", ["chrt", "--rr", "10"]), ("normal priority", [])):
            done = subprocess.run([*prefix, *command], capture_output=True, text=True)
            if done.returncode:
                lines.append(f"{title}: {done.stderr.strip()}")
                continue
            rows = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
            lines.append(_distribution(f"{title}, time of a submission", [took for took, _ in rows]))
            lines.append(_distribution(f"{title}, longest wait of a thread", [waited for _, waited in rows]))
            stalls = sum(took > _STALL_NANOSECONDS for took, _ in rows)
            ours = sum(took - waited > _STALL_NANOSECONDS for took, waited in rows)
            lines.append(f"{title}: {stalls} of {len(rows)} over 5 ms, {ours} of our own making")
    return "\n".join(lines)


def _distribution(name: str, values: list[int]) -> str:
    values = sorted(values)
    points = [("median", 0.5), ("99%", 0.99), ("99.9%", 0.999), ("most", 1.0)]
    text = ", ".join(
        f"{label} {values[min(int(share * len(values)), len(values) - 1)] / 1000:.0f} us"
        for label, share in points
    )
    return f"{name}: {text}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=("memcheck", "threads", "plain", "latency"))
    parser.add_argument("--workers", type=int, default=8, help="of the largest pool; 2 at least")
    parser.add_argument("--submitters", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=20, help="pools made and shut down one after the other")
    parser.add_argument("--repeats", type=int, default=100, help="job lists of each submitter in a round")
    parser.add_argument("--submissions", type=int, default=20_000, help="for latency")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.kind == "latency":
        print(latency(arguments.workers, arguments.submissions))
        return 0
    return stress(
        arguments.kind,
        workers=arguments.workers,
        submitters=arguments.submitters,
        rounds=arguments.rounds,
        repeats=arguments.repeats,
        seed=arguments.seed,
    )


if __name__ == "__main__":
    sys.exit(main())
