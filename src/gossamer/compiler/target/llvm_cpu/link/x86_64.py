"""Relocations of x86-64.

Spec: System V ABI, AMD64 supplement, "Relocation".
"""

from __future__ import annotations

from gossamer.compiler.target.llvm_cpu.link.machine import Machine, Site

_POINTER, _PC32, _PLT32, _RELATIVE, _GOTPCREL, _PC64, _GOTPCRELX, _REX_GOTPCRELX = 1, 2, 4, 8, 9, 24, 41, 42
_SLOTS = frozenset({_GOTPCREL, _GOTPCRELX, _REX_GOTPCRELX})


def _apply(site: Site) -> bool:
    if site.type in (_PC32, _PLT32):
        site.write("<i", site.distance)
    elif site.type in _SLOTS:
        site.write("<i", site.slot - site.address)
    elif site.type == _PC64:
        site.write("<q", site.distance)
    else:
        return False
    return True


X86_64 = Machine(page_bytes=4096, pointer=_POINTER, relative=_RELATIVE, slots=_SLOTS, apply=_apply)
