"""Bytecode functions as Python functions.

In: decoded and verified functions. Out: Python callables in the callable ABI of `vm.link.module`, as text
first. Next: `vm.bytecode.exports` asks for them; `vm.jit` starts from the same typed form.
Mirrors `iree/vm/bytecode/dispatch.c`, which interprets.
"""

from gossamer.vm.translate.executor import Translator

__all__ = ["Translator"]
