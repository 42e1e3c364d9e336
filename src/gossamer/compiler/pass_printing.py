"""Prints the program, times and numbers around passes, on stderr: `--mlir-print-ir-*`, `--mlir-timing`,
`--mlir-pass-statistics`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from gossamer.compiler.asm_style import asm_style
from gossamer.compiler.mlir import verify_passes
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.pass_observer import observe_passes
from gossamer.compiler.pass_statistics import PassStatistics, report_title
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_TREE_FOLDER = "builtin_module_no-symbol-name"


@dataclass(slots=True)
class PassPrinter:
    """A `PassObserver` that does what the options ask."""

    options: CompileOptions
    statistics: PassStatistics = field(default_factory=PassStatistics)
    _seen: set[str] = field(default_factory=set[str], repr=False)
    _text_before: str = field(default="", repr=False)
    _start: float = 0.0
    _printed: int = 0

    def before_pass(self, name: str, show: Callable[[], str]) -> None:
        """Print before the pass where asked, and remember what changes are told from."""
        options = self.options
        self._seen.add(name)
        if options.print_ir_before_all or _is_among(name, options.print_ir_before):
            self._print("Before", name, show())
        if options.print_ir_after_change or options.print_pass_statistics:
            self._text_before = show()
        self._start = perf_counter()

    def after_pass(self, name: str, show: Callable[[], str], failure: CompileError | None) -> None:
        """Print after the pass where asked."""
        options = self.options
        if options.timing:
            print(f"{perf_counter() - self._start:8.4f} s    {name}", file=sys.stderr)
        if options.print_pass_statistics and failure is None:
            self.statistics.count(name, self._text_before, show())
        if failure is not None:
            if options.print_ir_after_failure or options.print_ir_after_all:
                self._print("After", f"{name} Failed", show())
        elif (
            options.print_ir_after_all
            or _is_among(name, options.print_ir_after)
            or (options.print_ir_after_change and self._text_before != show())
        ):
            self._print("After", name, show())

    def _print(self, when: str, name: str, program: str) -> None:
        text = f"// -----// IR Dump {when} {name} //----- //\n{program.rstrip()}\n"
        if not self.options.print_ir_tree_dir:
            print(text, file=sys.stderr)
            return
        # Spec: folder and names are those of MLIR's printer for a module without a name.
        path = Path(
            self.options.print_ir_tree_dir, _TREE_FOLDER, f"{self._printed}_{name.split('{')[0]}.mlir"
        )
        self._printed += 1
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        except OSError as error:
            raise CompileError([Diagnostic(f"cannot write '{path}': {error.strerror}")]) from None

    def check_names(self) -> None:
        """Refuse names of passes that none that ran bears.

        Raises: CompileError.
        """
        for wanted in (*self.options.print_ir_before, *self.options.print_ir_after):
            if not any(wanted in name for name in self._seen):
                message = f"no pass that ran is called '{wanted}'"
                hint = "--mlir-print-ir-after-all and --mlir-timing show the names"
                raise CompileError([Diagnostic(message, hint=hint)])


@contextmanager
def printing(options: CompileOptions) -> Generator[None]:
    """Print around the passes that run inside the `with` block, and verify after each or not."""
    printer = PassPrinter(options) if _is_wanted(options) else None
    if options.timing:
        print(report_title("Execution time report"), file=sys.stderr)
    with asm_style(_style_of(options)), observe_passes(printer), verify_passes(options.verify):
        yield
    if printer is not None:
        printer.check_names()
        if options.print_pass_statistics:
            print(printer.statistics.report(options.pass_statistics_display), file=sys.stderr)


def _style_of(options: CompileOptions) -> dict[str, bool | int | None]:
    return {
        "enable_debug_info": options.asm_debug_info,
        "pretty_debug_info": options.asm_pretty_debug_info,
        "print_generic_op_form": options.asm_generic,
        "use_local_scope": options.asm_local_scope,
        "use_name_loc_as_prefix": options.asm_name_locations,
        "assume_verified": options.asm_assume_verified,
        "skip_regions": options.asm_skip_regions,
        "large_elements_limit": options.asm_elements_limit,
        "large_resource_limit": options.asm_resource_limit,
    }


def _is_wanted(options: CompileOptions) -> bool:
    switches = (
        options.print_ir_before_all,
        options.print_ir_after_all,
        options.print_ir_after_change,
        options.print_ir_after_failure,
        options.print_pass_statistics,
        options.timing,
    )
    return any(switches) or bool(options.print_ir_after) or bool(options.print_ir_before)


def _is_among(name: str, names: tuple[str, ...]) -> bool:
    return any(wanted in name for wanted in names)
