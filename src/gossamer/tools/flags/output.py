"""Flags about arguments and results, shared by the commands that call functions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gossamer.errors import InvalidArgumentError
from gossamer.tools.command import EXIT_FAILURE, EXIT_SUCCESS
from gossamer.tools.flags.module import annotated
from gossamer.tools.flags.parser import Arguments, Flag, FlagSet

if TYPE_CHECKING:
    from gossamer.hal.memory.allocator import Allocator
    from gossamer.runtime.text_io.results import Equality
    from gossamer.runtime.text_io.variants import Variant
    from gossamer.vm.link.function import Function


def input_flag(flags: FlagSet) -> Flag[tuple[str, ...]]:
    """Add `--input=`."""
    return flags.strings(
        "input",
        "An argument, in order:\n"
        "  3.14                     a scalar\n"
        "  2x2xi32=1 2 3 4          a tensor; one value fills it, no `=` makes zeros\n"
        "  2x2xi32=@file.bin        its bytes from a file; `=+file.bin` goes on in the same file\n"
        "  @file.npy +file.npy      one NumPy array; `*file.npy` takes all that remain\n"
        "  &2x2xi32                 a buffer for storage\n"
        "  (null)                   null, or zero for a scalar",
    )


class OutputFlags:
    """`--output=`, `--expected_output=` and how results are compared."""

    def __init__(self, flags: FlagSet) -> None:
        self._outputs = flags.strings(
            "output",
            "What to do with a result, in order:\n"
            "  (empty)                  ignore it\n"
            "  -                        print it\n"
            "  @file.npy +file.npy      write or append a NumPy array\n"
            "  @file.bin +file.bin      write or append its bytes",
        )
        self._expected = flags.strings(
            "expected_output",
            "What a result should be, as for --input=; `(ignored)` accepts anything.\n"
            "The exit code is 1 on a mismatch.",
        )
        self._max_elements = flags.integer(
            "output_max_element_count", 1024, "Prints at most so many elements of a tensor."
        )
        self._equality_mode = flags.string(
            "equality_mode", "approximate", "`approximate` compares floats within tolerances, `exact` bytes."
        )
        self._tolerances = {
            name: flags.number(f"expected_{name}_threshold", default, f"Absolute tolerance of {name}.")
            for name, default in (("f16", 0.001), ("f32", 0.0001), ("f64", 0.0001), ("bf16", 0.01))
        }
        self._relative = flags.number("expected_rtol", 1e-5, "Relative tolerance of all float types.")

    def process(
        self, arguments: Arguments, function: Function, results: Sequence[Variant], allocator: Allocator
    ) -> int:
        """Print, write or compare results. Returns: the command's exit code."""
        from gossamer.abi.calling_convention import parse_calling_convention
        from gossamer.runtime.text_io.results import compare_results, write_outputs
        from gossamer.runtime.text_io.variants import VariantParser, format_variants

        # Spec: the flag is a size in IREE 3.13.0, which takes a negative number for one that has no bound.
        limit = arguments[self._max_elements] % (1 << 64)
        given = arguments[self._expected]
        if not given:
            if arguments[self._outputs]:
                with annotated("outputting results"):
                    sys.stdout.write(write_outputs(results, arguments[self._outputs], limit))
            else:
                sys.stdout.write(format_variants("result", results, limit))
            return EXIT_SUCCESS
        kinds = parse_calling_convention(function.calling_convention).results
        with annotated("parsing expected function outputs"), VariantParser(allocator) as parser:
            expected = parser.parse(kinds, given)
        checked = [
            None if spec.strip() == "(ignored)" else variant
            for spec, variant in zip(given, expected, strict=False)
        ] + expected[len(given) :]
        differences = compare_results(checked, results, self._equality(arguments))
        if differences:
            sys.stdout.write(differences)
            return EXIT_FAILURE
        print("[SUCCESS] all function outputs matched their expected values.")
        return EXIT_SUCCESS

    def _equality(self, arguments: Arguments) -> Equality:
        from gossamer.runtime.text_io.results import Equality

        mode = arguments[self._equality_mode]
        if mode not in ("approximate", "exact"):
            raise InvalidArgumentError(f"unrecognized --equality_mode= value '{mode}'")
        tolerances = {name: arguments[flag] for name, flag in self._tolerances.items()}
        return Equality(mode == "exact", tolerances, arguments[self._relative])
