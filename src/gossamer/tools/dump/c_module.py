"""Metadata of a module in C as text: what its descriptor declares, spelled as that of a `.vmfb` is."""

from __future__ import annotations

from gossamer.format.module_def import FunctionSignature
from gossamer.modules.c.descriptor import ModuleDescriptor
from gossamer.tools.dump.sections import (
    attribute_lines,
    dependency_lines,
    header,
    import_lines,
    signature_text,
)


def c_module_text(module: ModuleDescriptor) -> str:
    """Print what a module in C declares: version, dependencies, imports, exports."""
    exports: list[str] = []
    for index, found in enumerate(module.exports):
        attrs = tuple(found.export.attrs.items())
        signature = FunctionSignature(found.export.calling_convention, attrs)
        exports.append(f"  [{index:3}] {found.export.name}{signature_text(signature)}")
        exports += attribute_lines(attrs, 8)
    parts = {
        "Module Dependencies:": dependency_lines(module.dependencies),
        "Imported Functions:": import_lines(module.imports),
        "Exported Functions:": exports,
    }
    lines = [*header(f"@{module.name} : version {module.version}"), ""]
    for title, part in parts.items():
        lines += [title, *part, ""] if part else []
    return "\n".join(lines) + "\n"
