"""Two modules in every kind there is: `b`, which exports `f(x) = x + version`, and `main`, which calls it.

`main.g(x)` calls `b.f`, then `hook.pause`, then `b.f` again, and returns both results as one number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from c_compiler import CompileC

import gossamer
import gossamer.runtime as rt
from gossamer.abi.module_interface import ModuleInterface
from gossamer.modules.native import FunctionTable, NativeModule
from gossamer.tools.assemble.module import assemble_module
from gossamer.vm.link.inline_form import InlineForm
from gossamer.vm.link.module import Module
from gossamer.vm.loading import ExecutorName, bytecode_module

I32 = Annotated[int, "i32"]

MAIN = """\
vm.module @main version 0
vm.import @b.f cconv "0i_i"
vm.import @hook.pause cconv "0v_v"
vm.export @g
vm.func @g(%i0: i32) -> (i32) {
^bb0:
  %i1 = vm.call @b.f(%i0)
  vm.call @hook.pause()
  %i2 = vm.call @b.f(%i0)
  %i3 = vm.call @both(%i1, %i2)
  vm.return %i3
}
vm.func @both(%i0: i32, %i1: i32) -> (i32) {
^bb0:
  %i2 = vm.const.i32 1000
  vm.br ^bb1(%i2 -> %i2)
^bb1:
  %i1 = vm.add.i32 %i1, %i0
  %i3 = vm.const.i32 -1
  %i2 = vm.add.i32 %i2, %i3
  vm.cond_br %i2, ^bb1(%i2 -> %i2), ^bb2(%i2 -> %i2)
^bb2:
  vm.return %i1
}
"""
"""Its `both` is a loop, which becomes native code."""

B = """\
vm.module @b version {version}
vm.export @f
vm.func @f(%i0: i32) -> (i32) {{
^bb0:
  %i1 = vm.const.i32 {version}
  %i0 = vm.add.i32 %i0, %i1
  vm.return %i0
}}
"""

C_MAIN = """\
#include <gossamer/module.h>
static const gossamer_host_t *host;
static gossamer_status_t g(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  gossamer_value_t first = {0}, second = {0};
  gossamer_status_t status = host->call(call->context, 0, call->arguments, &first);
  if (!status) status = host->call(call->context, 1, call->arguments, &second);
  if (!status) status = host->call(call->context, 0, call->arguments, &second);
  call->results[0].i32 = first.i32 * 1000 + second.i32;
  return status;
}
static const gossamer_import_t imports[] = {{"b.f", "0i_i", 0, 0, NULL}, {"hook.pause", "0v_v", 0, 0, NULL}};
static const gossamer_export_t exports[] = {{"g", "0i_i", g, 0, NULL}};
static const gossamer_module_t descriptor = {
    .abi_version = GOSSAMER_ABI_VERSION, .struct_size = sizeof(gossamer_module_t), .name = "main",
    .import_count = 2, .imports = imports, .export_count = 1, .exports = exports};
GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t version,
                                                              const gossamer_host_t *table) {
  (void)version;
  host = table;
  return &descriptor;
}
"""

C_B = """\
#include <gossamer/module.h>
static gossamer_status_t f(void *module, void *state, const gossamer_call_t *call) {
  (void)module, (void)state;
  call->results[0].i32 = call->arguments[0].i32 + VERSION;
  return GOSSAMER_OK;
}
static const gossamer_export_t exports[] = {{"f", "0i_i", f, 0, NULL}};
static const gossamer_module_t descriptor = {
    .abi_version = GOSSAMER_ABI_VERSION, .struct_size = sizeof(gossamer_module_t), .name = "b",
    .export_count = 1, .exports = exports};
GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t version,
                                                              const gossamer_host_t *table) {
  (void)version, (void)table;
  return &descriptor;
}
"""


@gossamer.module("main")
class PythonMain:
    @gossamer.imports("b.f")
    def f(self, x: I32) -> I32: ...

    @gossamer.imports("hook.pause")
    def pause(self) -> None: ...

    @gossamer.export
    def g(self, x: I32) -> I32:
        first = self.f(x)
        self.pause()
        return first * 1000 + self.f(x)


@gossamer.module("b")
class PythonB:
    def __init__(self, version: int = 0) -> None:
        self.version = version

    @gossamer.export
    def f(self, x: I32) -> I32:
        return x + self.version


def native(
    module: str, name: str, convention: str, function: Callable[..., object], form: InlineForm | None = None
) -> Module:
    """A module of one function in the callable ABI."""
    interface = ModuleInterface(module)
    interface.declare(name, convention)
    functions = FunctionTable(interface)
    functions.export(name, inline=form)(function)
    return NativeModule(functions)


def hook(pause: Callable[[], None]) -> Module:
    """Module `hook`, whose `pause` calls a function."""
    return native("hook", "pause", "0v_v", pause)


def make_main(kind: str, compile_c: CompileC) -> Module:
    """Module `main` of a kind."""
    if kind == "python":
        return gossamer.load_module(PythonMain)
    if kind == "c":
        return gossamer.load_native_module(compile_c(C_MAIN))
    executors: dict[str, ExecutorName] = {"interpreted": "interpret", "translated": "translate"}
    return bytecode_module(assemble_module(MAIN), executor=executors[kind])


def make_b(kind: str, version: int, compile_c: CompileC) -> Module:
    """Module `b` of a kind and version."""
    if kind == "python":
        return gossamer.python_module(PythonB, version)
    if kind == "c":
        return gossamer.load_native_module(compile_c(C_B, f"-DVERSION={version}"))
    if kind == "interface":
        interface = rt.PyModuleInterface("b", lambda _: version)
        interface.export("f", "0i_i", lambda own, x: x + own)
        return interface.create().module
    if kind == "inline":
        return native("b", "f", "0i_i", lambda x: x + version, InlineForm(f"({{0}} + {version})"))
    return bytecode_module(assemble_module(B.format(version=version)))


MAIN_KINDS = ("interpreted", "translated", "python", "c")
B_KINDS = ("bytecode", "python", "c", "interface", "inline")
