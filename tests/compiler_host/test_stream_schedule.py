"""What the host does and in which order, as the text after the stream phase says."""

from __future__ import annotations

import re

import pytest

from gossamer.errors import CompileError

ABS = """
func.func @abs(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.absf %a : tensor<4xf32>
  return %0 : tensor<4xf32>
}
"""


def function_lines(text: str, name: str) -> list[str]:
    """Lines of one function, without indentation."""
    lines = text.splitlines()
    start = next(index for index, line in enumerate(lines) if re.search(rf"(export|func) @{name}\(", line))
    end = next(index for index in range(start, len(lines)) if lines[index] == "  }")
    return [line.strip() for line in lines[start + 1 : end]]


def test_a_sync_function_waits_before_it_returns(schedule):
    assert function_lines(schedule(ABS), "abs") == [
        "assert %input0 is 4xf32",
        "%buffer = buffer of %input0, 16 bytes",
        "%buffer_1 = allocate 16 bytes",
        "execute @__abs_commands_0 => %t1 {",
        "dispatch @abs_dispatch_0_elementwise_4_f32[1, 1, 1] ro %buffer[0 for 16], wo %buffer_1[0 for 16]",
        "}",
        "await %t1",
        "%view = view %buffer_1[0 for 16] as 4xf32",
        "return %view",
    ]


def test_an_async_function_passes_its_callers_fences_on(schedule):
    assert function_lines(schedule(ABS, is_async=True), "abs") == [
        "assert %input0 is 4xf32",
        "%buffer = buffer of %input0, 16 bytes",
        "%buffer_1 = alloca 16 bytes await(%wait) => %t1",
        "execute @__abs_commands_0 await(%t1) => %signal {",
        "dispatch @abs_dispatch_0_elementwise_4_f32[1, 1, 1] ro %buffer[0 for 16], wo %buffer_1[0 for 16]",
        "}",
        "%view = view %buffer_1[0 for 16] as 4xf32",
        "return %view",
    ]


def test_assertions_can_be_stripped(schedule):
    lines = function_lines(schedule(ABS, strip_assertions=True), "abs")

    assert not any(line.startswith("assert") for line in lines)


def test_storage_is_written_by_the_dispatch(schedule):
    text = schedule("""
    func.func @mul(%a: tensor<4xf32>, %b: tensor<4xf32>, %o: tensor<4xf32> {iree.abi.output = 0 : index})
        -> tensor<4xf32> {
      %0 = arith.mulf %a, %b : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    """)
    lines = function_lines(text, "mul")

    assert "%storage = buffer of %input2, 16 bytes" in lines
    assert any(line.startswith("dispatch") and line.endswith("wo %storage[0 for 16]") for line in lines)
    assert not any("allocate" in line or "copy" in line for line in lines)
    assert lines[-1] == "return %input2"


def test_storage_that_later_work_reads_gets_a_copy(schedule):
    text = schedule("""
    func.func @f(%a: tensor<4x4xf32>, %o: tensor<4x4xf32> {iree.abi.output = 0 : index})
        -> (tensor<4x4xf32>, tensor<4x4xf32>) {
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<4x4xf32>
      %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
      %0 = linalg.matmul ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>) outs(%z : tensor<4x4xf32>)
        -> tensor<4x4xf32>
      %1 = linalg.matmul ins(%0, %o : tensor<4x4xf32>, tensor<4x4xf32>) outs(%z : tensor<4x4xf32>)
        -> tensor<4x4xf32>
      return %0, %1 : tensor<4x4xf32>, tensor<4x4xf32>
    }
    """)
    lines = function_lines(text, "f")
    written = [index for index, line in enumerate(lines) if line.endswith("to %buffer_1[0 for 64]")]
    read = [index for index, line in enumerate(lines) if "ro %buffer_1[0 for 64]" in line]

    assert len(written) == len(read) == 1
    assert read[0] < written[0]
    assert "barrier" in lines[read[0] : written[0]]


def test_independent_work_shares_a_wave(schedule):
    text = schedule("""
    func.func @f(%a: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) {
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<8x8xf32>
      %z = linalg.fill ins(%zero : f32) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
      %t = linalg.transpose ins(%a : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) permutation = [1, 0]
      %0 = linalg.matmul ins(%a, %a : tensor<8x8xf32>, tensor<8x8xf32>) outs(%z : tensor<8x8xf32>)
        -> tensor<8x8xf32>
      %1 = linalg.matmul ins(%0, %t : tensor<8x8xf32>, tensor<8x8xf32>) outs(%z : tensor<8x8xf32>)
        -> tensor<8x8xf32>
      return %0, %1, %t : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>
    }
    """)
    lines = function_lines(text, "f")
    work = [line.split("@")[1].split("[")[0] if "dispatch" in line else line for line in lines]
    waves = " ".join(work[work.index("execute @__f_commands_0 => %t1 {") + 1 : work.index("}")]).split(
        " barrier "
    )

    assert len(waves) == 2
    assert len(waves[0].split()) == 2
    assert len([line for line in lines if "allocate" in line]) == 1


def test_memory_of_temporaries_is_shared_and_given_back(schedule):
    body = "func.func @f(%a: tensor<64x64xf32>) -> tensor<64x64xf32> {\n"
    body += "%zero = arith.constant 0.0 : f32\n%e = tensor.empty() : tensor<64x64xf32>\n"
    body += "%z = linalg.fill ins(%zero : f32) outs(%e : tensor<64x64xf32>) -> tensor<64x64xf32>\n"
    last = "%a"
    for index in range(6):
        body += (
            f"%m{index} = linalg.matmul ins({last}, %a : tensor<64x64xf32>, tensor<64x64xf32>) "
            "outs(%z : tensor<64x64xf32>) -> tensor<64x64xf32>\n"
        )
        last = f"%m{index}"
    body += f"return {last} : tensor<64x64xf32>\n}}\n"

    lines = function_lines(schedule(body, is_async=True), "f")
    size = 64 * 64 * 4

    # Of five temporaries two are alive at a time.
    assert any(line.startswith(f"%transients = alloca {2 * size} bytes") for line in lines)
    assert any(re.fullmatch(r"dealloca %transients await\(%t\d+\) => %signal", line) for line in lines)


def test_calls_of_async_imports_wait_on_the_device_only(schedule):
    text = schedule(
        """
    func.func private @lib.abs(%a: tensor<4xf32>) -> tensor<4xf32>
    func.func private @lib.mul(%a: tensor<4xf32>, %b: tensor<4xf32>,
        %o: tensor<4xf32> {iree.abi.output = 0 : index}) -> tensor<4xf32>
    func.func @run(%a: tensor<4xf32>) -> tensor<4xf32> {
      %0 = call @lib.abs(%a) : (tensor<4xf32>) -> tensor<4xf32>
      %1 = tensor.empty() : tensor<4xf32>
      %2 = call @lib.mul(%0, %0, %1) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      return %2 : tensor<4xf32>
    }
    """,
        is_async=True,
    )

    assert function_lines(text, "run") == [
        "assert %input0 is 4xf32",
        "%view = call @lib.abs(%input0) await(%wait) => %t1",
        "assert %view is 4xf32",
        "%buffer_2 = alloca 16 bytes => %t2",
        "%view_1 = view %buffer_2[0 for 16] as 4xf32",
        "%view_2 = call @lib.mul(%view, %view, %view_1) await(%t1, %t2) => %signal",
        "assert %view_2 is 4xf32",
        "return %view_2",
    ]


def test_calls_of_sync_imports_get_finished_tensors(schedule):
    text = schedule(
        """
    func.func private @lib.abs(%a: tensor<4xf32>) -> tensor<4xf32> attributes {iree.abi.model = "sync"}
    func.func @run(%a: tensor<4xf32>) -> tensor<4xf32> {
      %n = arith.negf %a : tensor<4xf32>
      %0 = call @lib.abs(%n) : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    """,
        is_async=True,
    )
    lines = function_lines(text, "run")
    awaited = next(index for index, line in enumerate(lines) if line.startswith("await"))

    assert lines[awaited + 2].startswith("%view_1 = call @lib.abs(%view)")
    assert lines[-2] == "signal => %signal"


def test_state_is_copied_where_it_leaves(schedule):
    text = schedule("""
    util.global private mutable @x = dense<0.0> : tensor<4xf32>
    func.func @set(%a: tensor<4xf32>) {
      util.global.store %a, @x : tensor<4xf32>
      return
    }
    func.func @set_new(%a: tensor<4xf32>) {
      %0 = arith.addf %a, %a : tensor<4xf32>
      util.global.store %0, @x : tensor<4xf32>
      return
    }
    func.func @get() -> tensor<4xf32> {
      %0 = util.global.load @x : tensor<4xf32>
      return %0 : tensor<4xf32>
    }
    """)

    assert "copy %buffer[0 for 16] to %copy[0 for 16]" in function_lines(text, "set")
    assert "store @x = %copy" in function_lines(text, "set")
    assert not any("copy" in line for line in function_lines(text, "set_new"))
    assert "copy %x[0 for 16] to %copy[0 for 16]" in function_lines(text, "get")


def test_state_is_updated_in_place_where_nothing_else_sees_it(schedule):
    body = """
    util.global private mutable @x = dense<0.0> : tensor<64x64xf32>
    func.func @set_row(%row: tensor<1x64xf32>, %i: index) {
      %0 = util.global.load @x : tensor<64x64xf32>
      %1 = tensor.insert_slice %row into %0[%i, 0] [1, 64] [1, 1]
        : tensor<1x64xf32> into tensor<64x64xf32>
      util.global.store %1, @x : tensor<64x64xf32>
      return
    }
    """
    in_place = function_lines(schedule(body), "set_row")
    copied = function_lines(schedule(body, is_async=True), "set_row")

    assert not any("alloc" in line for line in in_place)
    assert any(line.startswith("copy %buffer[0 for 256] to %x[") for line in in_place)
    assert any("alloca" in line for line in copied)


def test_async_modules_remember_when_state_is_ready(schedule):
    body = """
    util.global private mutable @x = dense<0.0> : tensor<4xf32>
    func.func @f(%a: tensor<4xf32>) {
      %0 = util.global.load @x : tensor<4xf32>
      %1 = arith.addf %0, %a : tensor<4xf32>
      util.global.store %1, @x : tensor<4xf32>
      return
    }
    """
    lines = function_lines(schedule(body, is_async=True), "f")

    assert "%ready = load @x$timepoint" in lines
    assert any(line.startswith("%buffer_1 = alloca 16 bytes await(%wait, %ready)") for line in lines)
    assert "store @x$timepoint = %t2" in lines
    assert lines[-2] == "signal await(%t2) => %signal"
    assert "x$timepoint" not in schedule(body)


def test_dynamic_work_is_recorded_in_each_call(schedule):
    text = schedule("""
    func.func @f(%a: tensor<?x4xf32>) -> tensor<?x4xf32> {
      %0 = math.absf %a : tensor<?x4xf32>
      return %0 : tensor<?x4xf32>
    }
    """)
    lines = function_lines(text, "f")

    assert "execute => %t1 {" in lines
    assert "%d = dim 0 of %input0" in lines
    assert "%buffer_1 = allocate %s * 4 bytes" in lines
    assert "%view = view %buffer_1[0 for %s * 4] as %dx4xf32" in lines


def test_tensor_operations_that_cannot_run_are_refused(schedule):
    with pytest.raises(CompileError, match=r"'unknown.op'"):
        schedule("""
        func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
          %0 = "unknown.op"(%a) : (tensor<4xf32>) -> tensor<4xf32>
          return %0 : tensor<4xf32>
        }
        """)
