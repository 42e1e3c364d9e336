"""Flags about devices, shared by the commands that run programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gossamer.errors import OutOfRangeError
from gossamer.hal.native_policy import NativeCodePolicy
from gossamer.tools.flags.absent import add_absent_flags
from gossamer.tools.flags.parser import Arguments, FlagSet
from gossamer.tools.flags.task import TaskFlags

if TYPE_CHECKING:
    from gossamer.hal.device import Device

_BAR = "# " + "=" * 76
_THIN_BAR = "# ===" + "-" * 70 + "==="


class DeviceFlags:
    """`--device=`, `--allow-native=` and the flags that list drivers and devices.

    Attributes:
        allow_native: flag of what native code modules may bring.
    """

    def __init__(self, flags: FlagSet) -> None:
        flags.section("devices")
        self._devices = flags.strings(
            "device", "A device to run on, such as local-sync or local-task; the first takes inputs."
        )
        self._allocators = flags.strings(
            "device_allocator",
            "What to add to the allocator of each device:\n"
            "  caching                          hold all freed memory for reuse\n"
            "  caching:device_local=1mib;1gib;8 hold blocks up to 1 MiB, 1 GiB of them, 8 of them\n"
            "  debug                            fill new buffers with the byte CD\n"
            "  limit:4gib                       fail allocations past 4 GiB in use",
        )
        self._lead = flags.integer(
            "device_lead_allocator", 0, "Which of several devices takes inputs and is preferred for memory."
        )
        self.allow_native = flags.custom(
            "allow-native",
            NativeCodePolicy.ALL,
            "Native code that modules may bring; it can do whatever this process can:\n"
            "  'none': none at all; VMVX modules are verified bytecode and run all the same.\n"
            "  'embedded': executables that stand alone.\n"
            "  'all': also those for the system's loader.",
            lambda text, _value: _read_policy(text),
            lambda policy: f"--allow-native={policy}",
        )
        self._list_drivers = flags.custom(
            "list_drivers", "", "Lists drivers.", lambda _text, _value: "*", lambda _: "# --list_drivers"
        )
        self._list_devices = flags.custom(
            "list_devices",
            "",
            "Lists devices, of all drivers or of one: --list_devices=local-task.",
            lambda text, _value: text or "*",
            lambda _: "# --list_devices",
        )
        self._dump_devices = flags.custom(
            "dump_devices",
            "",
            "Describes devices, of all drivers or of one.",
            lambda text, _value: text or "*",
            lambda _: "# --dump_devices",
        )
        self._tasks = TaskFlags(flags)
        add_absent_flags(flags)

    def print_lists(self, arguments: Arguments) -> bool:
        """Print the list asked for; False where none is."""
        from gossamer.drivers.registry import device_uris, registered_drivers

        if arguments[self._list_drivers]:
            print(f"{_BAR}\n# Available HAL drivers\n{_BAR}")
            print("# Use --list_devices={driver name} to enumerate available devices.\n")
            for driver in registered_drivers():
                print(f"{driver.name:>16}: {driver.full_name}")
            return True
        if arguments[self._list_devices]:
            name = arguments[self._list_devices]
            print("\n".join(device_uris(None if name == "*" else name)))
            return True
        if arguments[self._dump_devices]:
            name = arguments[self._dump_devices]
            for driver in registered_drivers():
                if name in ("*", driver.name):
                    _dump_driver(driver.name, device_uris(driver.name))
            return True
        return self._tasks.print_topologies(arguments)

    def open(self, arguments: Arguments) -> list[Device]:
        """Make the devices asked for; `local-task` where none is.

        Raises: NotFoundError when there is no such driver or device, InvalidArgumentError or OutOfRangeError
            where another flag does not fit.
        """
        from gossamer.hal.memory.allocator_spec import allocator_from_specs
        from gossamer.runtime.devices import DEFAULT_DEVICE_URI, new_device

        uris = arguments[self._devices] or (DEFAULT_DEVICE_URI,)
        if not 0 <= arguments[self._lead] < len(uris):
            raise OutOfRangeError(
                f"--device_lead_allocator={arguments[self._lead]} outside the device group range "
                f"[0, {len(uris)})"
            )
        workers = self._tasks.worker_options(arguments)
        return [
            new_device(
                uri,
                allow_native=arguments[self.allow_native],
                allocator=allocator_from_specs(arguments[self._allocators]),
                workers=workers,
            )
            for uri in uris
        ]

    def lead(self, arguments: Arguments, devices: Sequence[Device]) -> Device:
        """The device that takes inputs."""
        return devices[arguments[self._lead]]

    @staticmethod
    def statistics_text(device: Device) -> str:
        """Memory statistics of a device, as IREE's tools print them."""
        from gossamer.hal.memory.allocator_statistics import format_statistics

        return (
            f"Device: {device.identifier}\n[[ iree_hal_allocator_t memory statistics ]]\n"
            f"{format_statistics(device.allocator.statistics)}"
        )


def _read_policy(text: str) -> NativeCodePolicy:
    try:
        return NativeCodePolicy(text)
    except ValueError:
        raise ValueError(f"expected one of {', '.join(NativeCodePolicy)}") from None


def _dump_driver(name: str, uris: list[str]) -> None:
    print(f"{_BAR}\n# Enumerated devices for driver '{name}'\n{_BAR}\n")
    for uri in uris:
        print(f"{_THIN_BAR}\n# --device={uri}\n#   default\n{_THIN_BAR}\n")
