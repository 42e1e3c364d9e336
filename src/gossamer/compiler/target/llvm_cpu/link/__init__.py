"""Our own linker: objects of LLVM's become a shared object that loaders of kernels accept.

In: bytes of relocatable ELF objects. Out: bytes of a shared ELF object with one export.
Next: `format` embeds it in the program's module. IREE has no counterpart: it ships LLVM's linker.
"""

from gossamer.compiler.target.llvm_cpu.link.shared_object import link_shared_object

__all__ = ["link_shared_object"]
