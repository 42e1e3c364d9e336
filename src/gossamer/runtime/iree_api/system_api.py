"""Configurations, system contexts and loading under the names of IREE's `system_api`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from gossamer.modules.hal.module import HalModule
from gossamer.runtime.iree_api.function_invoker import FunctionInvoker
from gossamer.runtime.iree_api.hal.debug_sink import HalModuleDebugSink
from gossamer.runtime.iree_api.hal.device import HalDevice
from gossamer.runtime.iree_api.system_setup import get_first_device
from gossamer.runtime.iree_api.vm.context import VmContext
from gossamer.runtime.iree_api.vm.module import VmInstance, VmModule

TARGET_BACKEND_TO_DRIVER = {"llvm-cpu": "local-task", "vmvx": "local-task", "vulkan-spirv": "vulkan"}


def create_hal_module(
    instance: VmInstance,
    device: HalDevice | None = None,
    devices: list[HalDevice] | None = None,
    debug_sink: HalModuleDebugSink | None = None,
) -> VmModule:
    """The `hal` module over one device or several.

    Args:
        debug_sink: shows the tensors that programs trace; by default they are printed to standard error.
    Raises: ValueError unless exactly one of `device` and `devices` is given.
    """
    del instance
    if device is not None and devices is not None:
        raise ValueError('"device" and "devices" are mutually exclusive arguments.')
    if device is None and devices is None:
        raise ValueError('one of "device" or "devices" is required.')
    found = [each.device for each in (devices or [device]) if each is not None]
    return VmModule(HalModule(found) if debug_sink is None else HalModule(found, trace=debug_sink.trace))


class Config:
    """A device and the modules every program gets.

    Attributes:
        device: what programs run on.
        vm_instance: shared by contexts.
        default_vm_modules: loaded before a program's own.
    """

    device: HalDevice
    vm_instance: VmInstance
    default_vm_modules: tuple[VmModule, ...]

    def __init__(self, driver_name: str | None = None, *, device: HalDevice | None = None) -> None:
        """Choose a device by driver names separated by commas, or give it.

        Raises: ValueError when both are given or no driver is there.
        """
        if device is not None and driver_name is not None:
            raise ValueError("Either 'device' or 'driver_name' can be specified (not both)")
        if device is None:
            device = get_first_device(driver_name.split(",") if driver_name is not None else None)
        self.device = device
        self.vm_instance = VmInstance()
        self.default_vm_modules = (create_hal_module(self.vm_instance, device),)


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
        given = tuple(vm_modules or ())
        names = {module.name for module in given}
        # Why: programs may bring a `hal` of their own, which is then the one they mean.
        defaults = [module for module in self._config.default_vm_modules if module.name not in names]
        modules = (*defaults, *given)
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
