"""Modules that were compiled before, kept on disk: compiling them again is reading them, without MLIR.

In: a `Source` and `CompileOptions`. Out: what `compile_source` returns, and the warnings it gives.

A module is found again by all that it depends on: the source's name and bytes, the options, this package's
sources, and the versions of MLIR, LLVM and NumPy. Compiles that write or print something beside their output,
of files that may name others, and of Python objects are not kept; nor are any while somebody has added a
frontend or a target.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from importlib.machinery import PathFinder

from gossamer.compiler.compiled_module import pack, unpack
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.source import Source
from gossamer.kept_files.store import COMPILED_PREFIX, content_key, load_object, store_object
from gossamer.kept_files.trimming import allowed_bytes
from gossamer.processor.host import host_architecture, processor_identity
from gossamer.processor.installed_llvm import installed_llvm
from gossamer.source_version import package_version

SWITCH_VARIABLE = "GOSSAMER_COMPILE_CACHE"

_LIBRARY_FILES = {"torch_mlir": "_mlir_libs/__init__.py", "numpy": "__init__.py", "ml_dtypes": "__init__.py"}
"""One file of each library that compiles, beside LLVM, which installing another version changes."""
_LARGEST_SHARE = 1 / 8
"""Of the allowed size: a larger module is not worth what it would push out."""

_SELF_CONTAINED = ("", ".mlir", ".mlirbc", ".stablehlo", ".bc")
"""Suffixes of files that name no others: an ONNX file may keep its weights beside it."""

_SPEAKING_PREFIXES = ("dump_", "print_")
_SPEAKING_OPTIONS = (
    *("parameter_import", "parameter_export", "parameter_splat"),
    *("preprocessing_passes", "timing", "llvm_options"),
    *(field.name for field in fields(CompileOptions) if field.name.startswith(_SPEAKING_PREFIXES)),
)
"""Where one of them is not its default, a compile has an effect beside its output, or reads what only its
passes know."""


def compile_kept(source: Source, options: CompileOptions) -> bytes:
    """As `compile_source`, by way of what is kept.

    Raises: CompileError; a program that cannot be compiled is compiled each time.
    """
    key = _key(source, options)
    stored = load_object(key) if key else None
    if stored is not None:
        output, warnings = unpack(stored)
        for message in warnings:
            source.warn(message)
        return output
    # Why here: it brings MLIR, which a module that is found does not need.
    from gossamer.compiler.pipeline import compile_source

    output = compile_source(source, options)
    if key and len(output) <= allowed_bytes() * _LARGEST_SHARE:
        store_object(key, pack(output, source.warnings))
    return output


def _key(source: Source, options: CompileOptions) -> str:
    """Where a module is kept; "" where it is not."""
    if os.environ.get(SWITCH_VARIABLE) == "0" or not options.is_kept or source.model is not None:
        return ""
    if source.path is not None and source.path.suffix not in _SELF_CONTAINED:
        return ""
    default = CompileOptions()
    if any(getattr(options, name) != getattr(default, name) for name in _SPEAKING_OPTIONS) or _has_plugins():
        return ""
    processor = host_architecture()
    if "host" in (*options.llvmcpu_target_cpus, options.llvmcpu_target_features):
        processor = processor_identity()
    libraries = _library_versions()
    if not processor or not libraries:
        return ""
    hashed = content_key(package_version(), libraries, processor, *_texts(options), source.name, source.data)
    return COMPILED_PREFIX + hashed


def _texts(options: CompileOptions) -> Iterator[str]:
    conversions = sorted(conversion.value for conversion in options.type_conversions)
    # Why apart: the order of a set changes from process to process.
    yield repr((conversions, replace(options, type_conversions=frozenset())))


def _has_plugins() -> bool:
    """Whether somebody may have added frontends or targets: their registries are loaded only by a compile."""
    frontends = sys.modules.get("gossamer.compiler.frontend.registry")
    targets = sys.modules.get("gossamer.compiler.target.registry")
    return any(registry is not None and registry.is_extended() for registry in (frontends, targets))


@cache
def _library_versions() -> str:
    """What tells the libraries that compile from other versions of them; "" where one is missing."""
    versions = [installed_llvm() or ""]
    for name, file in _LIBRARY_FILES.items():
        spec = PathFinder.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            return ""
        path = os.path.join(next(iter(spec.submodule_search_locations)), file)
        status = os.stat(path)
        versions.append(f"{path} {status.st_size} {int(status.st_mtime)}")
    return "\n".join(versions)
