"""Configurations, system contexts and loading under the names of IREE's `system_api` and `system_setup`."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from threading import RLock
from typing import Any

import numpy as np

from gossamer.errors import NotFoundError
from gossamer.modules.hal import HalModule
from gossamer.runtime.binding.function_invoker import FunctionInvoker
from gossamer.runtime.binding.hal_device import HalDevice, HalDriver
from gossamer.runtime.binding.vm_objects import VmContext, VmInstance, VmModule

TARGET_BACKEND_TO_DRIVER = {"llvm-cpu": "local-task", "vmvx": "local-task", "vulkan-spirv": "vulkan"}
DEFAULT_DRIVER_NAMES = "local-task,cuda,vulkan"

_lock = RLock()
_devices: dict[str, HalDevice] = {}


def query_available_drivers() -> Collection[str]:
    """Names of the drivers there are."""
    return HalDriver.query()


def get_driver(device_uri: str) -> HalDriver:
    """Driver of a URI or of a name. Raises: ValueError when there is none."""
    name = device_uri.partition("://")[0]
    if name not in HalDriver.query():
        raise NotFoundError(f"no driver '{name}' registered; available: {', '.join(HalDriver.query())}")
    return HalDriver(name)


def get_device(device_uri: str, cache: bool = True) -> HalDevice:
    """Device of a URI, the same one every time unless `cache` is False."""
    with _lock:
        device = _devices.get(device_uri) if cache else None
        if device is None:
            device = get_driver(device_uri).create_device_by_uri(device_uri)
            if cache:
                _devices[device_uri] = device
        return device


def get_first_device(device_uris: Sequence[str] | None = None, cache: bool = True) -> HalDevice:
    """First of some devices that there is; those of `IREE_DEFAULT_DEVICE` by default.

    Raises: ValueError when there is none.
    """
    if device_uris is None:
        names = os.environ.get("IREE_DEFAULT_DEVICE") or DEFAULT_DRIVER_NAMES
        device_uris = [name.strip() for name in names.split(",")]
    for uri in device_uris:
        try:
            return get_device(uri, cache=cache)
        except ValueError as error:
            logging.debug("no device %s: %s", uri, error)
    raise ValueError(f"No device found from list {device_uris}")


def create_hal_module(
    instance: VmInstance,
    device: HalDevice | None = None,
    devices: list[HalDevice] | None = None,
    debug_sink: Any = None,
) -> VmModule:
    """The `hal` module over one device or several.

    Raises: ValueError unless exactly one of `device` and `devices` is given.
    """
    del instance
    if (device is None) == (devices is None):
        raise ValueError("exactly one of 'device' and 'devices' must be given")
    if debug_sink is not None:
        raise NotImplementedError("debug sinks are not supported")
    found = [device] if device is not None else devices or []
    return VmModule(HalModule([each.device for each in found]))


class Config:
    """A device and the modules every program gets.

    Attributes:
        device: what programs run on.
        vm_instance: shared by contexts.
        default_vm_modules: loaded before a program's own.
    """

    def __init__(self, driver_name: str | None = None, *, device: HalDevice | None = None) -> None:
        """Choose a device by driver names separated by commas, or give it.

        Raises: ValueError when both are given or no driver is there.
        """
        if device is not None and driver_name is not None:
            raise ValueError("Either 'device' or 'driver_name' can be specified (not both)")
        if device is None:
            device = get_first_device(driver_name.split(",") if driver_name is not None else None)
        self.device: HalDevice = device
        self.vm_instance = VmInstance()
        self.default_vm_modules: tuple[VmModule, ...] = (create_hal_module(self.vm_instance, device),)


class BoundModule:
    """A module in a context; its functions are attributes and items."""

    def __init__(self, context: SystemContext, vm_module: VmModule) -> None:
        self._context = context
        self._vm_module = vm_module
        self._functions: dict[str, FunctionInvoker] = {}

    @property
    def name(self) -> str:
        """The module's name."""
        return self._vm_module.name

    @property
    def vm_module(self) -> VmModule:
        """The module itself."""
        return self._vm_module

    def __getattr__(self, name: str) -> FunctionInvoker:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name: str) -> FunctionInvoker:
        found = self._functions.get(name)
        if found is None:
            function = self._vm_module.lookup_function(name)
            if function is None:
                raise KeyError(f"Function '{name}' not found in module '{self}'")
            found = FunctionInvoker(self._context.vm_context, self._context.config.device, function)
            self._functions[name] = found
        return found

    def __repr__(self) -> str:
        return f"<BoundModule {self._vm_module!r}>"


class BoundModules(dict[str, BoundModule]):
    """Modules of a context by name, also as attributes."""

    def __getattr__(self, name: str) -> BoundModule:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class SystemContext:
    """A context with a device."""

    def __init__(self, vm_modules: Iterable[VmModule] | None = None, config: Config | None = None) -> None:
        self._config = config if config is not None else Config()
        self._is_dynamic = vm_modules is None
        modules = (*self._config.default_vm_modules, *(vm_modules or ()))
        self._vm_context = VmContext(self._config.vm_instance, modules)
        self._modules = BoundModules((module.name, BoundModule(self, module)) for module in modules)

    @property
    def vm_context(self) -> VmContext:
        """The context beneath."""
        return self._vm_context

    @property
    def is_dynamic(self) -> bool:
        """True where modules can be added."""
        return self._is_dynamic

    @property
    def config(self) -> Config:
        """What it was made with."""
        return self._config

    @property
    def instance(self) -> VmInstance:
        """The instance of its configuration."""
        return self._config.vm_instance

    @property
    def modules(self) -> BoundModules:
        """Modules by name."""
        return self._modules

    def add_module_dependency(self, name: str, minimum_version: int = 0) -> None:
        """Load a module by name. Raises: ValueError, as none can be found so."""
        module = VmModule.resolve_module_dependency(self.instance, name, minimum_version)
        self._vm_context.register_modules([module])

    def add_vm_modules(self, vm_modules: Sequence[VmModule]) -> None:
        """Load more modules.

        Raises: ValueError when one of that name is loaded; AssertionError on a context made with modules.
        """
        assert self._is_dynamic, "Cannot 'add_module' on a static context"
        for module in vm_modules:
            if module.name in self._modules:
                raise ValueError(f"Attempt to register duplicate VmModule: '{module.name}'")
            self._modules[module.name] = BoundModule(self, module)
        self._vm_context.register_modules(vm_modules)

    def add_vm_module(self, vm_module: VmModule) -> None:
        """Load one more module."""
        self.add_vm_modules((vm_module,))


def load_vm_modules(*vm_modules: VmModule, config: Config | None = None) -> list[BoundModule]:
    """Load modules into a new context."""
    context = SystemContext(vm_modules=vm_modules, config=config)
    return [context.modules[module.name] for module in vm_modules]


def load_vm_module(vm_module: VmModule, config: Config | None = None) -> BoundModule:
    """Load a module into a new context."""
    return load_vm_modules(vm_module, config=config)[0]


def load_vm_flatbuffer(
    vm_flatbuffer: bytes, *, driver: str | None = None, backend: str | None = None
) -> BoundModule:
    """Load a module's bytes into a new context on a driver, or on the driver of a compiler backend."""
    config = _create_config(driver, backend)
    return load_vm_module(VmModule.copy_buffer(config.vm_instance, vm_flatbuffer), config)


def load_vm_flatbuffer_file(
    path: str | os.PathLike[str],
    *,
    driver: str | None = None,
    backend: str | None = None,
    destroy_callback: Callable[[], Any] | None = None,
) -> BoundModule:
    """Load a file into a new context; see `VmModule.mmap` for the callback."""
    config = _create_config(driver, backend)
    module = VmModule.mmap(config.vm_instance, os.fspath(path), destroy_callback=destroy_callback)
    return load_vm_module(module, config)


def _create_config(driver: str | None, backend: str | None) -> Config:
    if (driver is None) == (backend is None):
        given = "'None' for both" if driver is None else "both"
        raise ValueError(f"Either 'driver' or 'backend' must be specified, but got {given}.")
    if backend is not None:
        driver = TARGET_BACKEND_TO_DRIVER[backend]
    return Config(driver)


def normalize_value(value: Any) -> Any:
    """Arrays for values: Python ints and floats with 32 bits; containers and None as they are."""
    if value is None or isinstance(value, (list, tuple, dict)):
        return value  # pyright: ignore[reportUnknownVariableType]
    array = np.asarray(value)
    if isinstance(value, (bool, int, float)):
        narrow = {np.dtype(np.float64): np.float32, np.dtype(np.int64): np.int32}.get(array.dtype)
        return array if narrow is None else array.astype(narrow)
    return array
