"""IREE's flags for what is not here: devices other than the CPU, profiling, capture, replay.

They are known, so that a flagfile made of IREE's own `--help` is accepted, and a value other than IREE's
default gets a sentence that says what is missing.
Spec: flags and defaults as `--help` of the tools of IREE 3.13.0 prints them.
"""

from __future__ import annotations

from collections.abc import Callable

from gossamer.tools.flags.parser import FlagSet

_CUDA = """
cuda_use_streams=true cuda_allow_inline_execution=false cuda_async_allocations=true cuda_tracing=2
cuda_default_index=0 cuda_default_index_from_mpi=true
"""
_HIP = """
hip_dylib_path hip_use_streams=true hip_allow_inline_execution=false hip_async_allocations=true
hip_async_caching=true hip_tracing=2 hip_default_index=0
"""
_VULKAN = """
vulkan_libvulkan_search_path vulkan_validation_layers=false vulkan_debug_utils=false
vulkan_debug_verbosity=2 vulkan_tracing=true vulkan_robust_buffer_access=false vulkan_sparse_binding=false
vulkan_sparse_residency=false vulkan_buffer_device_addresses=true vulkan_dispatch_abi=all
vulkan_cached_bda_replay_instances=16 vulkan_cached_bda_replay_publication_bytes=67108864
vulkan_retained_cached_bda_replay_instances=1 vulkan_dedicated_compute_queue=true
"""
_PROFILING = """
device_profiling_mode= device_profiling_output= device_profiling_filter_function=
device_profiling_filter_command_buffer=-1 device_profiling_filter_command_index=-1
device_profiling_filter_physical_device=-1 device_profiling_filter_queue=-1 device_profiling_counter
device_profiling_flush_interval_ms=0 print_device_statistics=false dispatch_statistics=false
"""
_CAPTURE = "device_capture_tool= device_capture_file= device_capture_label="
_REPLAY = """
device_replay_output= device_replay_file_policy=reference device_replay_file_validation=identity
agents_md=false
"""
_ABSENT = (
    ("there are no CUDA devices here", _CUDA),
    ("there are no HIP devices here", _HIP),
    ("there are no Vulkan devices here", _VULKAN),
    ("profiles of devices are not recorded", _PROFILING),
    ("external capture tools are not supported", _CAPTURE),
    ("replays are not recorded", _REPLAY),
    ("plugins for imports of executables are not supported", "executable_plugin"),
    ("topologies are those of this machine", "task_topology_snapshot="),
)
_BOOLEANS = {"": "true", "1": "true", "0": "false"}


def add_absent_flags(flags: FlagSet) -> None:
    """Add the flags; only their default values are accepted."""
    flags.section("IREE that concern what is not here: only these values are accepted")
    for reason, entries in _ABSENT:
        for entry in entries.split():
            name, equals, default = entry.partition("=")
            flags.custom(
                name,
                default if equals else None,
                "",
                _reader(reason, default, is_list=not equals),
                _printer(name),
            )


def _reader(reason: str, default: str, *, is_list: bool) -> Callable[[str, str | None], str | None]:
    def read(text: str, value: str | None) -> str | None:
        given = text.strip('"')
        if default in ("true", "false"):
            given = _BOOLEANS.get(given, given)
        if is_list or given != default:
            raise ValueError(f"{reason}; leave the flag out")
        return value

    return read


def _printer(name: str) -> Callable[[str | None], str]:
    def show(value: str | None) -> str:
        if value is None:
            return f"# --{name}=..."
        is_text = not value or (value.isalpha() and value not in ("true", "false"))
        return f'--{name}="{value}"' if is_text else f"--{name}={value}"

    return show
