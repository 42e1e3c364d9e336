"""Checks of `hal` functions: the same calls in either runtime give the same status and the same words."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hal_call_program import CallProgram, module_of_programs

from gossamer.errors import StatusError
from gossamer.runtime.devices import new_device
from gossamer.runtime.loading import load_module, with_system_modules
from gossamer.vm.link.context import Context

pytestmark = pytest.mark.reference

F32, I32, BF16, I4, OPAQUE = 0x21000020, 0x10000020, 0x22000010, 0x10000004, 0
DEVICE_LOCAL, HOST_LOCAL = 48, 0x46
DEFAULT, CONSTANT = 3075, 0x80C03
TRANSFER, DISPATCH, ANY = 1, 2, 3

Case = Callable[[CallProgram], object]


def device(p: CallProgram):
    return p.call("devices.get", 0)


def allocator(p: CallProgram):
    return p.call("device.allocator", device(p))


def buffer(p: CallProgram, length: int = 64, memory_type: int = DEVICE_LOCAL, usage: int = DEFAULT):
    return p.call("allocator.allocate", allocator(p), -1, memory_type, usage, length)


def view(p: CallProgram, *shape: int, element_type: int = F32, encoding: int = 1, length: int = 64):
    return p.call("buffer_view.create", buffer(p), 0, length, element_type, encoding, list(shape))


def commands(p: CallProgram, mode: int = 0, categories: int = ANY, capacity: int = 0):
    return p.call("command_buffer.create", device(p), mode, categories, -1, capacity)


def execute(p: CallProgram, cb: object, *bindings: tuple[object, int, int]):
    p.call("command_buffer.finalize", cb)
    if bindings:
        queue(p, "device.queue.execute.indirect", cb, 0, list(bindings))
    else:
        queue(p, "device.queue.execute", cb, 0)


def fill(
    p: CallProgram,
    offset: int,
    length: int,
    pattern_length: int,
    *,
    slot: int | None = None,
    categories: int = ANY,
):
    cb = commands(p, categories=categories, capacity=2)
    target = buffer(p) if slot is None else None
    p.call("command_buffer.fill_buffer", cb, target, offset, length, slot or 0, 1, pattern_length, 0)
    execute(p, cb, *[(buffer(p), 0, 64)] * 2)


def copy(p: CallProgram, source_offset: int, target_offset: int, length: int, categories: int = ANY):
    cb = commands(p, categories=categories)
    source = target = buffer(p)
    if not source_offset < target_offset < source_offset + length:
        target = buffer(p)
    p.call("command_buffer.copy_buffer", cb, 0, 0, source, source_offset, target, target_offset, length, 0)
    execute(p, cb)


def update(p: CallProgram, source_offset: int, target_offset: int, length: int):
    cb = commands(p)
    p.call(
        "command_buffer.update_buffer",
        cb, p.host_buffer(32), source_offset, buffer(p), target_offset, length, 0, 0,
    )  # fmt: skip
    execute(p, cb)


def import_(p: CallProgram, source: object, offset: int, length: int, usage: int = DEFAULT, is_try: int = 0):
    p.call("allocator.import", allocator(p), is_try, -1, DEVICE_LOCAL, usage, source, offset, length)


def finish(p: CallProgram, fence: object):
    p.call("fence.await", -1, 0, [fence])


def queue(p: CallProgram, name: str, *arguments: object):
    gpu = device(p)
    done = p.call("fence.create", gpu, 0)
    p.call(name, gpu, -1, None, done, *arguments)
    finish(p, done)


def filled(p: CallProgram, *, slot: int = 0, capacity: int = 2, mode: int = 0, length: int = 64):
    cb = commands(p, mode=mode, capacity=capacity)
    p.call("command_buffer.fill_buffer", cb, None, 0, length, slot, 1, 4, 0)
    return cb


def grouped(p: CallProgram, begin: int, end: int):
    cb = commands(p)
    for _ in range(begin):
        p.call("command_buffer.begin_debug_group", cb, "group")
    for _ in range(end):
        p.call("command_buffer.end_debug_group", cb)
    p.call("command_buffer.finalize", cb)


def file(p: CallProgram, length: int = 64, access: int = 1):
    return p.call("ex.file.from_memory", device(p), -1, access, p.host_buffer(64), 0, length, 0)


def failed_fence(p: CallProgram, code: int):
    fence = p.call("fence.create", device(p), 0)
    p.call("fence.fail", fence, code)
    return fence


CASES: dict[str, Case] = {
    "view_fits": lambda p: view(p, 4, 4),
    "view_too_long": lambda p: view(p, 17),
    "view_too_long_product": lambda p: view(p, 4, 5),
    "view_of_part": lambda p: view(p, 4, length=16),
    "view_longer_than_part": lambda p: view(p, 5, length=16),
    "view_overflows": lambda p: view(p, 1 << 62, 4),
    "view_negative": lambda p: view(p, -1),
    "view_empty": lambda p: view(p, 0, 1 << 40),
    "view_scalar": lambda p: view(p),
    "view_opaque": lambda p: view(p, 1 << 20, element_type=OPAQUE),
    "view_opaque_bits": lambda p: view(p, 16, element_type=32),
    "view_opaque_bits_long": lambda p: view(p, 17, element_type=32),
    "view_packed": lambda p: view(p, 128, element_type=I4),
    "view_packed_odd": lambda p: view(p, 129, element_type=I4),
    "view_opaque_encoding": lambda p: view(p, 17, encoding=0),
    "view_other_encoding": lambda p: view(p, 4, encoding=7),
    "view_other_encoding_long": lambda p: view(p, 17, encoding=7),
    "view_no_buffer": lambda p: p.call("buffer_view.create", None, 0, 4, F32, 1, [1]),
    "view_offset": lambda p: p.call("buffer_view.create", buffer(p), 60, 8, F32, 1, [2]),
    "view_dim": lambda p: p.call("buffer_view.dim", view(p, 4), 0),
    "buffer_negative": lambda p: buffer(p, -1),
    "buffer_huge": lambda p: buffer(p, 1 << 60),
    "buffer_empty": lambda p: buffer(p, 0),
    "buffer_usage": lambda p: buffer(p, 4, DEVICE_LOCAL, 0),
    "subspan": lambda p: p.call("buffer.subspan", buffer(p), 60, 4),
    "subspan_long": lambda p: p.call("buffer.subspan", buffer(p), 60, 5),
    "subspan_past": lambda p: p.call("buffer.subspan", buffer(p), 65, 0),
    "subspan_end": lambda p: p.call("buffer.subspan", buffer(p), 64, 0),
    "subspan_negative": lambda p: p.call("buffer.subspan", buffer(p), -4, 4),
    "subspan_whole": lambda p: p.call("buffer.subspan", buffer(p), 8, -1),
    "load": lambda p: p.call("buffer.load", buffer(p), 60, 4),
    "load_past": lambda p: p.call("buffer.load", buffer(p), 61, 4),
    "load_negative": lambda p: p.call("buffer.load", buffer(p), -1, 1),
    "load_wide": lambda p: p.call("buffer.load", buffer(p), 0, 5),
    "load_nothing": lambda p: p.call("buffer.load", buffer(p), 0, 0),
    "load_null": lambda p: p.call("buffer.load", None, 0, 4),
    "store": lambda p: p.call("buffer.store", 1, buffer(p), 60, 4),
    "store_past": lambda p: p.call("buffer.store", 1, buffer(p), 61, 4),
    "store_negative": lambda p: p.call("buffer.store", 1, buffer(p), -1, 1),
    "store_wide": lambda p: p.call("buffer.store", 1, buffer(p), 0, 5),
    "assert_length": lambda p: p.call("buffer.assert", buffer(p), "b", allocator(p), 65, 16, 3),
    "assert_type": lambda p: p.call("buffer.assert", buffer(p), "b", allocator(p), 4, HOST_LOCAL, 3),
    "assert_usage": lambda p: p.call("buffer.assert", buffer(p), "b", allocator(p), 4, 16, 0x100),
    "assert_view_rank": lambda p: p.call("buffer_view.assert", view(p, 4), "v", F32, 1, []),
    "assert_view_dim": lambda p: p.call("buffer_view.assert", view(p, 4, 2), "v", F32, 1, [4, 3]),
    "assert_view_type": lambda p: p.call("buffer_view.assert", view(p, 4), "v", BF16, 1, [4]),
    "assert_view_encoding": lambda p: p.call("buffer_view.assert", view(p, 4), "v", F32, 2, [4]),
    "assert_view_message": lambda p: p.call("buffer_view.assert", view(p, 4), None, F32, 1, [4]),
    "import": lambda p: import_(p, p.host_buffer(64), 0, 64),
    "import_rest": lambda p: import_(p, p.host_buffer(64), 0, -1),
    "import_past": lambda p: import_(p, p.host_buffer(64), 0, 65),
    "import_negative": lambda p: import_(p, p.host_buffer(64), -64, 64),
    "import_null": lambda p: import_(p, None, 0, 0),
    "import_rodata": lambda p: import_(p, bytes(64), 0, 64),
    "import_constant": lambda p: import_(p, bytes(64), 0, 64, CONSTANT, 1),
    "fill": lambda p: fill(p, 0, 64, 4),
    "fill_past": lambda p: fill(p, 4, 64, 4),
    "fill_negative": lambda p: fill(p, -4, 4, 4),
    "fill_pattern": lambda p: fill(p, 0, 6, 3),
    "fill_offset": lambda p: fill(p, 2, 4, 4),
    "fill_length": lambda p: fill(p, 0, 6, 4),
    "fill_slot": lambda p: fill(p, 0, 64, 4, slot=1),
    "fill_slot_past": lambda p: fill(p, 0, 64, 4, slot=2),
    "fill_category": lambda p: fill(p, 0, 64, 4, categories=DISPATCH),
    "copy": lambda p: copy(p, 0, 32, 32),
    "copy_past": lambda p: copy(p, 0, 40, 32),
    "copy_source_past": lambda p: copy(p, 40, 0, 32),
    "copy_overlap": lambda p: copy(p, 0, 16, 32),
    "copy_category": lambda p: copy(p, 0, 32, 32, categories=DISPATCH),
    "update": lambda p: update(p, 0, 0, 32),
    "update_source_past": lambda p: update(p, 4, 0, 32),
    "update_target_past": lambda p: update(p, 0, 40, 32),
    "groups": lambda p: grouped(p, 2, 2),
    "groups_open": lambda p: grouped(p, 2, 1),
    "groups_closed": lambda p: grouped(p, 0, 1),
    "finalized_twice": lambda p: [p.call("command_buffer.finalize", cb) for cb in [commands(p)] * 2],
    "recorded_late": lambda p: [
        (p.call("command_buffer.finalize", cb), p.call("command_buffer.execution_barrier", cb, 28, 13, 0))
        for cb in [commands(p)]
    ],
    "execute": lambda p: execute(p, commands(p)),
    "execute_unfinished": lambda p: queue(p, "device.queue.execute", commands(p), 0),
    "execute_slots": lambda p: execute(p, filled(p), (buffer(p), 0, 64)),
    "execute_no_table": lambda p: execute(p, filled(p)),
    "execute_short_table": lambda p: execute(p, filled(p, slot=1), (buffer(p), 0, 64)),
    "execute_null_slot": lambda p: execute(p, filled(p), (None, 0, 64)),
    "execute_short_slot": lambda p: execute(p, filled(p), (buffer(p), 0, 32)),
    "execute_slot_past": lambda p: execute(p, filled(p, length=32), (buffer(p), 40, 32)),
    "execute_whole_slot": lambda p: execute(p, filled(p), (buffer(p), 0, -1)),
    "execute_whole_rest": lambda p: execute(p, filled(p), (buffer(p), 32, -1)),
    "execute_too_many": lambda p: execute(p, filled(p), *[(buffer(p), 0, 64)] * 5),
    "queue_fill": lambda p: queue(p, "device.queue.fill", buffer(p), 0, 64, 1, 4, 0),
    "queue_fill_past": lambda p: queue(p, "device.queue.fill", buffer(p), 4, 64, 1, 4, 0),
    "queue_fill_pattern": lambda p: queue(p, "device.queue.fill", buffer(p), 0, 64, 1, 3, 0),
    "queue_fill_nothing": lambda p: queue(p, "device.queue.fill", buffer(p), 0, 0, 1, 4, 0),
    "queue_copy": lambda p: queue(p, "device.queue.copy", buffer(p), 0, buffer(p), 0, 64, 0),
    "queue_copy_past": lambda p: queue(p, "device.queue.copy", buffer(p), 0, buffer(p), 8, 64, 0),
    "queue_update_past": lambda p: queue(
        p, "device.queue.update", p.host_buffer(8), 4, buffer(p), 0, 8, 0
    ),
    "queue_update_target": lambda p: queue(
        p, "device.queue.update", p.host_buffer(8), 0, buffer(p), 60, 8, 0
    ),
    "queue_read": lambda p: queue(p, "device.queue.read", file(p), 0, buffer(p), 0, 64, 0),
    "queue_read_past": lambda p: queue(p, "device.queue.read", file(p), 8, buffer(p), 0, 64, 0),
    "queue_read_target": lambda p: queue(p, "device.queue.read", file(p), 0, buffer(p), 8, 64, 0),
    "queue_write_read_only": lambda p: queue(p, "device.queue.write", buffer(p), 0, file(p), 0, 64, 0),
    "queue_pool": lambda p: p.call(
        "device.queue.alloca", device(p), -1, None, None, 1, DEVICE_LOCAL, DEFAULT, 64, 0
    ),
    "file_writable": lambda p: file(p, access=3),
    "file_past": lambda p: file(p, 65),
    "file_empty": lambda p: file(p, 0),
    "fence_failed": lambda p: finish(p, failed_fence(p, 10)),
    "fence_null": lambda p: finish(p, None),
    "fence_late": lambda p: p.call("fence.await", 0, 0, [p.call("fence.create", device(p), 0)]),
    "wait_failed": lambda p: [
        (p.call("device.queue.barrier", device(p), -1, failed_fence(p, 8), done, 0), finish(p, done))
        for done in [p.call("fence.create", device(p), 0)]
    ],
    "select_nothing": lambda p: p.call("allocator.select", 48, DEFAULT, 0, []),
    "select_null": lambda p: p.call("allocator.select", 48, DEFAULT, 0, [(None, -1)]),
    "device_past": lambda p: p.call("device.allocator", p.call("devices.get", 9)),
    "executable_format": lambda p: p.call("executable.create", device(p), -1, "x", b"y", None),
    "executable_constants": lambda p: p.call("executable.create", device(p), -1, "x", b"y", b"abc"),
    "executable_bytes": lambda p: p.call(
        "executable.create", device(p), -1, "vmvx-bytecode-fb", b"yyyy", None
    ),
    "channel": lambda p: p.call("channel.create", device(p), -1, 0, None, None, 0, 0),
}  # fmt: skip

# Checked here and not by IREE 3.13.0, which goes on with a size that has wrapped.
STRICTER = {"buffer_negative": "INVALID_ARGUMENT"}
# The same status in other words, because the check is made elsewhere or says more.
OTHER_WORDS = """
buffer_huge import_negative store_negative update_source_past execute_unfinished execute_whole_rest
queue_fill_pattern queue_update_past queue_read_past queue_write_read_only file_past fence_failed
wait_failed execute_slot_past executable_bytes recorded_late
"""


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("calls") / "calls.vmfb"
    path.write_bytes(module_of_programs(CASES))
    return path


@pytest.fixture(scope="module")
def outcomes(calls: Path) -> dict[str, list[str]]:
    """What comes of each case here, on either device."""
    found: dict[str, list[str]] = {name: [] for name in CASES}
    for uri in ("local-sync", "local-task"):
        gpu = new_device(uri)
        context = Context(with_system_modules([load_module(calls)], [gpu]))
        for name, outcome in found.items():
            try:
                context.lookup(f"calls.{name}")()
                outcome.append("OK")
            except StatusError as error:
                notes = [note for note in error.annotations if not note.startswith(("while ", "expected !"))]
                outcome.append("; ".join([f"{error.code.name}; {error.message}", *notes]))
        context.close()
        gpu.close()
    return found


@pytest.mark.parametrize("name", CASES)
def test_outcome(name: str, outcomes: dict[str, list[str]], calls: Path, iree_bin: Path) -> None:
    command = [iree_bin / "iree-run-module", f"--module={calls}", f"--function={name}"]
    done = subprocess.run([*command, "--device=local-task"], capture_output=True, text=True, timeout=60)
    theirs = "OK"
    if done.returncode:
        match = re.search(r": ([A-Z_]+); ((?!while ).*?) ?(; \n.*|; while .*)", done.stderr, re.S)
        match = match or re.search(r": ([A-Z_]+); ()while", done.stderr)
        match = match or re.search(r"^([A-Z_]+); ()while", done.stderr)
        assert match is not None, done.stderr
        theirs = f"{match[1]}; {match[2]}"
    for ours in outcomes[name]:
        if name in STRICTER:
            assert (ours.partition(";")[0], theirs) == (STRICTER[name], "OK")
        elif name in OTHER_WORDS.split():
            assert ours.partition(";")[0] == theirs.partition(";")[0], theirs
        else:
            assert ours == theirs
