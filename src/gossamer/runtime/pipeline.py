"""Pipelines: modules loaded in order into a context, called as one program.

    pipeline = Pipeline(["module_a.vmfb", "module_b.vmfb", "pipeline.vmfb"], device="local-sync")
    result = pipeline.run(np.ones(4096, np.float32))

In: modules (files, bytes, classes, loaded modules) and devices. Out: functions, state.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gossamer.errors import InvalidArgumentError
from gossamer.hal.device import Device
from gossamer.hal.native_policy import NativeCodePolicy
from gossamer.limits.call_limits import CallLimits
from gossamer.runtime.devices import DeviceLike, resolve_devices
from gossamer.runtime.function import PipelineFunction
from gossamer.runtime.limited_call import CallRules, scope_of
from gossamer.runtime.loading import ModuleSource, check_machine, load_module, with_system_modules
from gossamer.runtime.pipeline_modules import (
    Functions,
    FunctionTable,
    PipelineModule,
    PipelineModules,
    function_attribute,
)
from gossamer.runtime.program_state.mapping import State
from gossamer.vm.link.context import Context
from gossamer.vm.link.full_names import split_full_name
from gossamer.vm.link.module import Module

if TYPE_CHECKING:
    from gossamer.runtime.parameters import ParameterSource


class Pipeline:
    """A program of several modules with state of its own.

    Functions of the last module, the main one, are attributes of the pipeline, but for those that have the
    name of something else here: `pipeline["close"]` and `pipeline.functions.close` are theirs, whatever they
    are called, and `pipeline["module.function"]` is any module's. Calling the pipeline, or `pipeline.main`,
    calls the only public function of the main module, or that which is called `main`. Any number of
    pipelines may be made of the same loaded modules.

    Attributes:
        modules: functions of every module, by module name.
        devices: what it runs on; the first takes inputs.
        context: the VM context beneath.
        state: globals of all modules.
    """

    def __init__(
        self,
        modules: Sequence[ModuleSource],
        *,
        device: DeviceLike | Sequence[DeviceLike] | None = None,
        allow_native: NativeCodePolicy | str | None = None,
        parameters: Mapping[str, ParameterSource | Sequence[ParameterSource]] | None = None,
        limits: CallLimits | None = None,
        one_call_at_a_time: bool = False,
    ) -> None:
        """Load modules in order, link them, and run their initialisers.

        Args:
            modules: in load order; a module may call only those before it.
            device: a device, a URI such as "local-sync", or several; the process's "local-task" by default.
            allow_native: native code that modules may bring: "none", "embedded" or "all" (the default); see
                `runtime.devices.new_device`. Not beside a device object, which has a policy of its own.
            limits: of each call, and of the initialisers together; see `gossamer.CallLimits`.
            one_call_at_a_time: threads that call wait for each other. Without it calls run at once, which
                functions that change the state must not.
            parameters: what modules load weights from, by scope, "" for the one without a name: paths of
                `.irpa`, `.gguf`, `.safetensors`, `.npy` and `.npz` files, a `ParameterIndex`, arrays by key.
        Raises: link errors (see `vm.link.link_errors`), FormatError on bad bytes, PermissionDeniedError for
            native code that is refused, before any of it runs, what an initialiser raises.
        """
        # Why lists first: whether something is a `Module` takes a look at each of its attributes.
        if not isinstance(modules, (list, tuple)) and isinstance(
            modules, (str, os.PathLike, bytes, bytearray, memoryview, type, Module)
        ):
            raise InvalidArgumentError(
                f"modules is a {type(modules).__name__}, expected a list: Pipeline([module, ...])"
            )
        if not modules:
            raise InvalidArgumentError("a pipeline needs at least one module")
        policy = None if allow_native is None else NativeCodePolicy.parse(allow_native)
        devices = resolve_devices(device, allow_native=policy)
        served: list[Module] = []
        if parameters:
            # Why here: few programs have parameters.
            from gossamer.runtime.parameters import parameters_module

            served.append(parameters_module(parameters))
        self._policy = policy or NativeCodePolicy.ALL
        loaded = [load_module(source, allow_native=self._policy) for source in modules]
        with scope_of(limits):
            context = Context(with_system_modules([*served, *loaded], devices))
        self._set_up(context, devices, loaded, CallRules.create(limits, one_at_a_time=one_call_at_a_time))

    def _set_up(
        self, context: Context, devices: list[Device], loaded: Sequence[Module], rules: CallRules
    ) -> None:
        self._rules = rules
        self.context = context
        self.devices = devices
        self._table = FunctionTable(context, devices[0], rules)
        self.modules = PipelineModules(
            {module.name: PipelineModule(context, module, self._table) for module in loaded}
        )
        self.state = State(context, devices[0].allocator)

    @property
    def main(self) -> PipelineModule:
        """The last module: `pipeline.main.run` is a function of it, and `pipeline.main(x)` calls it."""
        return next(reversed(self.modules.values()))

    @property
    def functions(self) -> Functions:
        """The functions of the main module alone: `pipeline.functions.close(x)` calls one of that name."""
        return self.main.functions

    def __getitem__(self, name: str) -> PipelineFunction:
        """A function of the main module by its name, or of any module by `module.function`.

        Raises: NotFoundError.
        """
        if "." in name and name not in self.main.module.exports:
            module_name, function_name = split_full_name(name, self.modules)
            return self.modules[module_name][function_name]
        return self.main[name]

    def __getattr__(self, name: str) -> PipelineFunction:
        if name.startswith("_") or "modules" not in self.__dict__:
            raise AttributeError(name)
        return function_attribute(self.main, name)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the main module; see `PipelineModule.__call__`."""
        return self.main(*arguments, **keywords)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self.main})

    def replace(self, name: str, source: ModuleSource) -> None:
        """Put a module in the place of a loaded one of the same name, with a new state, while calls run.

        The module is checked against those that import it, and initialised beside the old one, before
        anything changes. Calls under way end on the old module; calls that begin when this has returned have
        the new one; what begins meanwhile has one or the other, and never both.

        Args:
            name: of the loaded module.
            source: as for a pipeline; the module may depend on what was loaded before the one it replaces.
        Raises: what making a pipeline does; NotFoundError where no module of that name is loaded,
            InvalidArgumentError where the module has another name. Whatever is raised, nothing has changed.
        """
        module = load_module(source, allow_native=self._policy)
        check_machine(module)
        with scope_of(self._rules.limits):
            self.context.replace(name, module)
        self._table.follow()
        self.context.close_replaced()

    def fork(self) -> Pipeline:
        """Pipeline of the same modules and devices whose state starts as a copy of this one's."""
        forked = Pipeline.__new__(Pipeline)
        rules = CallRules.create(self._rules.limits, one_at_a_time=self._rules.lock is not None)
        forked._policy = self._policy
        loaded = [module.module for module in self.modules.values()]
        forked._set_up(self.context.fork(), self.devices, loaded, rules)
        return forked

    def close(self) -> None:
        """Run the modules' deinitialisers and release state; closing twice is harmless."""
        self.context.close()

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Pipeline of {', '.join(self.modules)}>"
