"""Flags that `--help` of IREE's tools shows: known here with the same default, or refused with a reason."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gossamer.tools import (
    iree_as_module,
    iree_benchmark_executable,
    iree_benchmark_module,
    iree_check_module,
    iree_convert_parameters,
    iree_create_parameters,
    iree_dump_module,
    iree_dump_parameters,
    iree_run_module,
)

pytestmark = pytest.mark.reference

Main = Callable[[list[str]], int]

# Each flag of the two tools' help, by what comes of it here.
IMPLEMENTED = """
help flagfile task_abort_on_failure task_worker_stack_size task_worker_local_memory task_topology_mode
task_topology_group_count task_topology_cpu_ids task_topology_nodes task_topology_max_group_count
task_topology_performance_level task_topology_distribution task_topology_favor dump_task_topologies
expected_f16_threshold expected_f32_threshold expected_f64_threshold expected_bf16_threshold expected_rtol
equality_mode module module_mode device_lead_allocator trace_execution list_drivers list_devices
dump_devices device_allocator device instrument_file parameters parameter_mode output expected_output
output_max_element_count function input print_statistics batch_size batch_concurrency time_unit
enable_output_processing benchmark_list_tests benchmark_filter benchmark_min_time
benchmark_min_warmup_time benchmark_repetitions benchmark_dry_run benchmark_report_aggregates_only
benchmark_display_aggregates_only benchmark_format benchmark_out benchmark_out_format benchmark_context
"""
ACCEPTED_WITHOUT_EFFECT = """
task_worker_spin_us benchmark_enable_random_interleaving benchmark_color benchmark_counters_tabular
benchmark_time_unit v
"""
REFUSED = """
cuda_use_streams cuda_allow_inline_execution cuda_async_allocations cuda_tracing cuda_default_index
cuda_default_index_from_mpi hip_dylib_path hip_use_streams hip_allow_inline_execution
hip_async_allocations hip_async_caching hip_tracing hip_default_index vulkan_libvulkan_search_path
vulkan_validation_layers vulkan_debug_utils vulkan_debug_verbosity vulkan_tracing
vulkan_robust_buffer_access vulkan_sparse_binding vulkan_sparse_residency vulkan_buffer_device_addresses
vulkan_dispatch_abi vulkan_cached_bda_replay_instances vulkan_cached_bda_replay_publication_bytes
vulkan_retained_cached_bda_replay_instances vulkan_dedicated_compute_queue executable_plugin
task_topology_snapshot device_replay_output device_replay_file_policy device_replay_file_validation
device_profiling_mode device_profiling_output device_profiling_filter_function
device_profiling_filter_command_buffer device_profiling_filter_command_index
device_profiling_filter_physical_device device_profiling_filter_queue device_profiling_counter
device_profiling_flush_interval_ms print_device_statistics device_capture_tool device_capture_file
device_capture_label dispatch_statistics agents_md
"""

TOOLS = [("iree-run-module", iree_run_module.main), ("iree-benchmark-module", iree_benchmark_module.main)]
OTHER_TOOLS: dict[str, Main] = {
    "iree-as-module": iree_as_module.main,
    "iree-benchmark-executable": iree_benchmark_executable.main,
    "iree-convert-parameters": iree_convert_parameters.main,
    "iree-create-parameters": iree_create_parameters.main,
    "iree-dump-module": iree_dump_module.main,
    "iree-dump-parameters": iree_dump_parameters.main,
}


def flag_lines(help_text: str) -> dict[str, str]:
    """Lines that show a flag, by its name; Google Benchmark's have no default."""
    shown = re.compile(r"^(?:--([a-z_0-9]+)=.*|# --([a-z_0-9]+)(?:=\.\.\.|=\[path\])?)$", re.M)
    lines = {match[1] or match[2]: match[0] for match in shown.finditer(help_text)}
    lines |= {match[1]: "" for match in re.finditer(r"^(?:benchmark)? +\[--([a-z_]+)=", help_text, re.M)}
    return lines


@pytest.fixture(scope="module", params=TOOLS, ids=[name for name, _ in TOOLS])
def tool(request: pytest.FixtureRequest, iree_bin: Path) -> tuple[dict[str, str], Main]:
    """Lines of flags of IREE's tool, and our tool."""
    name, main = request.param
    return their_help(name, iree_bin), main


def their_help(name: str, iree_bin: Path) -> dict[str, str]:
    done = subprocess.run([iree_bin / name, "--help"], capture_output=True, text=True, timeout=60)
    return flag_lines(done.stdout)


def our_help(main: Main, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    with pytest.raises(SystemExit):
        main(["--help"])
    return flag_lines(capsys.readouterr().out)


def test_every_flag_is_accounted_for(tool: tuple[dict[str, str], Main]) -> None:
    known = [*IMPLEMENTED.split(), *ACCEPTED_WITHOUT_EFFECT.split(), *REFUSED.split()]

    assert set(tool[0]) <= set(known)
    assert len(known) == len(set(known))


def test_every_flag_is_known_with_the_same_default(
    tool: tuple[dict[str, str], Main], capsys: pytest.CaptureFixture[str]
) -> None:
    theirs, main = tool
    ours = our_help(main, capsys)
    different = {
        name: (line, ours.get(name))
        for name, line in theirs.items()
        if name not in ours or (line and ours[name] != line)
    }

    assert different == {}


@pytest.mark.parametrize("name", OTHER_TOOLS)
def test_other_tools_know_every_flag_with_the_same_default(
    name: str, iree_bin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = their_help(name, iree_bin)
    ours = our_help(OTHER_TOOLS[name], capsys)

    assert theirs
    assert {flag: (line, ours.get(flag)) for flag, line in theirs.items() if ours.get(flag) != line} == {}


def test_a_flagfile_of_all_defaults_changes_nothing(
    tool: tuple[dict[str, str], Main], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, main = tool
    path = tmp_path / "flags"
    path.write_text("".join(f"{line}\n" for line in lines.values() if line and "list_" not in line))

    assert main([f"--flagfile={path}", "--list_devices=local-sync"]) == 0
    assert capsys.readouterr().out == "local-sync://\n"


@pytest.mark.parametrize("name", REFUSED.split())
def test_other_values_of_what_is_not_here_are_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for main in (iree_run_module.main, iree_check_module.main):
        with pytest.raises(SystemExit) as exit:
            main([f"--{name}=17"])

        assert exit.value.code == 1
        error = capsys.readouterr().err
        assert re.search(rf"--{name}=17: .* (here|recorded|supported|machine); leave the flag out", error)


TOPOLOGIES = [
    [],
    ["--task_topology_group_count=3"],
    ["--task_topology_cpu_ids=0", "--task_topology_cpu_ids=1,0"],
    ["--task_topology_max_group_count=1"],
    ["--task_topology_nodes=all", "--task_topology_distribution=compact"],
    ["--task_topology_nodes=0", "--task_topology_performance_level=low", "--task_topology_favor=latency"],
]


@pytest.mark.parametrize("flags", TOPOLOGIES, ids=" ".join)
def test_topologies_read_as_in_the_reference(
    flags: list[str], iree_bin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if "cpu_ids" in " ".join(flags) and not os.sched_getaffinity(0) >= {0, 1}:
        pytest.skip("needs processors 0 and 1")
    command = [iree_bin / "iree-run-module", *flags, "--dump_task_topologies"]
    theirs = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout

    assert iree_run_module.main([*flags, "--dump_task_topologies"]) == 0
    ours = capsys.readouterr().out
    # The processor that an unpinned worker is shown on is where the tool happened to run.
    unpinned = re.compile(r"processor: \d+(?=\n.*\n.*\(unspecified\))")
    assert unpinned.sub("", ours) == unpinned.sub("", theirs)


WRONG = [
    ["--task_topology_cpu_ids=x"],
    ["--task_topology_cpu_ids=4096"],
    ["--task_topology_mode=x"],
    ["--task_topology_nodes=x"],
    ["--task_topology_nodes=4096"],
    ["--task_topology_performance_level=x"],
    ["--task_topology_distribution=x"],
    ["--device_allocator=x"],
    ["--device_allocator=caching:x"],
    ["--device_allocator=caching:host_local=1"],
    ["--device_allocator=caching:device_local=1;x"],
    ["--device_allocator=caching:*=1;1;x"],
    ["--device_lead_allocator=1"],
    ["--module_mode=x"],
    ["--function=x"],
    ["--input=15xf32"],
    ["--input=16xf32", "--input=3"],
]


def without_dashes(message: str) -> str:
    return message.replace("--", "")


@pytest.mark.parametrize("flags", WRONG, ids=" ".join)
def test_values_that_are_wrong_read_as_in_the_reference(
    flags: list[str], iree_bin: Path, abs_vmvx_vmfb: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [f"--module={abs_vmvx_vmfb}", "--device=local-task", *flags]
    theirs = subprocess.run([iree_bin / "iree-run-module", *command], capture_output=True, text=True)
    code = iree_run_module.main(command)
    match = re.search(r": ([A-Z_]+; [^;\n]*)", theirs.stderr)
    assert match is not None, theirs.stderr

    assert code == theirs.returncode == 1
    # What runs programs names options as Python does, without the dashes of a command line.
    assert without_dashes(match[1].strip()) in without_dashes(capsys.readouterr().err)


@pytest.mark.parametrize("device", ["local-sync", "local-task"])
@pytest.mark.parametrize("allocator", [[], ["--device_allocator=debug"], ["--device_allocator=caching"]])
def test_statistics_read_as_in_the_reference(
    device: str,
    allocator: list[str],
    iree_bin: Path,
    abs_vmvx_vmfb: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    flags = [f"--device={device}", "--input=16xf32=-1", "--print_statistics", *allocator]
    command = [iree_bin / "iree-run-module", f"--module={abs_vmvx_vmfb}", *flags]
    theirs = subprocess.run(command, capture_output=True, text=True, timeout=60).stderr

    assert iree_run_module.main([f"--module={abs_vmvx_vmfb}", *flags]) == 0
    ours = capsys.readouterr().err
    assert re.sub(r" +\d+B", " nB", ours) == re.sub(r" +\d+B", " nB", theirs)
    # The input and the result; IREE copies the result once more.
    assert re.search(r"DEVICE_LOCAL: +128B peak / +128B allocated / +128B freed / +0B live\n", ours)
