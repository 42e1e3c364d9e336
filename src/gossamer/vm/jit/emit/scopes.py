"""Metadata that tells LLVM which buffers of a loop do not overlap."""

from __future__ import annotations

from gossamer.vm.jit.analysis.variants import Variant
from gossamer.vm.jit.instructions.text import ModuleText
from gossamer.vm.typed.ssa import Operation


class ScopeMetadata:
    """Alias scopes of one function: one for each buffer of each loop that was checked for overlap."""

    def __init__(self, module: ModuleText) -> None:
        self._module = module
        self._lists: dict[int, dict[int, tuple[str, str]]] = {}

    def of(self, variant: Variant, operation: Operation) -> str:
        """Metadata of an access, to append to its instruction; empty where nothing is known."""
        root = variant.scopes.get(operation)
        if root is None:
            return ""
        own, others = self._lists_of(variant)[root]
        return f", !alias.scope {own}, !noalias {others}"

    def declarations(self, variant: Variant) -> list[str]:
        """One list for each scope of a copy that was checked for overlap."""
        return [own for own, _ in self._lists_of(variant).values()]

    def _lists_of(self, variant: Variant) -> dict[int, tuple[str, str]]:
        # Why by identity: the copies inside a checked one share its mapping from accesses to buffers.
        key = id(variant.scopes)
        if key not in self._lists:
            self._lists[key] = self._make(sorted(set(variant.scopes.values())))
        return self._lists[key]

    def _make(self, roots: list[int]) -> dict[int, tuple[str, str]]:
        domain = self._module.metadata("distinct !{{self}}")
        scopes = {root: self._module.metadata(f"distinct !{{{{self}}, {domain}}}") for root in roots}
        lists: dict[int, tuple[str, str]] = {}
        for root in roots:
            others = ", ".join(scopes[other] for other in roots if other != root)
            own = self._module.metadata(f"!{{{scopes[root]}}}")
            lists[root] = (own, self._module.metadata(f"!{{{others}}}"))
        return lists
