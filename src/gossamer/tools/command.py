"""What every command does around its work: errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TextIO

from gossamer.errors import GossamerError, InternalError
from gossamer.tools.flag_hints import flag_hint

EXIT_SUCCESS = 0
EXIT_FAILURE = 1
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130


def run_command(program: str, body: Callable[[], int | None]) -> int:
    """Run the body of a command and return its exit code.

    An error we raise on purpose is printed to stderr, conclusion first, and gives 1. Any other exception is
    a fault of ours and gives 70; control-C gives 130. `GOSSAMER_TRACEBACK=1` adds Python's traceback to both.

    Args:
        program: name of the command, for messages.
        body: does the work; returns an exit code, or None for success.
    """
    try:
        code = body()
        sys.stdout.flush()
        return code or EXIT_SUCCESS
    except BrokenPipeError:
        # Why: whoever read our output has what it wants; without this, Python complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILURE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except InternalError as error:
        return _report(program, f"internal error: {error}", EXIT_INTERNAL)
    except GossamerError as error:
        hint = flag_hint(error)
        return _report(program, f"{error}\nhint: {hint}" if hint else str(error), EXIT_FAILURE)
    except OSError as error:
        return _report(program, f"{error.filename}: {error.strerror}" if error.filename else str(error), 1)
    except Exception as error:
        hint = "please report it; GOSSAMER_TRACEBACK=1 shows where it happened"
        return _report(program, f"internal error: {type(error).__name__}: {error}\n{hint}", EXIT_INTERNAL)


@contextmanager
def printing_warnings(stream: TextIO) -> Generator[None]:
    """Print what is warned of inside the `with` block, each line as it is."""

    def show(message: Warning | str, *_: object) -> None:
        print(message, file=stream)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield


def _report(program: str, message: str, code: int) -> int:
    sys.stdout.flush()
    if os.environ.get("GOSSAMER_TRACEBACK") == "1":
        traceback.print_exc()
    print(f"{program}: {message}", file=sys.stderr)
    return code
