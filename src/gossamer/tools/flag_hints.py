"""What command line flag would help with an error: the runtime, whose users may have none, does not say."""

from __future__ import annotations

from gossamer.errors import GossamerError


def flag_hint(error: GossamerError) -> str:
    """A sentence that names flags, or "" where no flag helps."""
    # Why here: few commands fail.
    from gossamer.hal.native_policy import NativeCodeRefusedError
    from gossamer.runtime.invoke import SeveralExportsError
    from gossamer.vm.link.link_errors import ExecutionModelMismatchError, UnknownModuleError

    match error:
        case NativeCodeRefusedError():
            return f"--allow-native={error.needed} allows it"
        case SeveralExportsError():
            return f"--function={error.names[0]} calls the first of them"
        case UnknownModuleError(is_loaded_later=True):
            return f"pass --module={error.source or f'{error.module}.vmfb'} before the module that needs it"
        case ExecutionModelMismatchError():
            return "iree-compile --iree-execution-model=async-external compiles asynchronous exports"
        case _:
            return ""
