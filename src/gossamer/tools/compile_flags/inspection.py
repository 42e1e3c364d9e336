"""Flags for looking into a compile: what it prints, writes and counts on its way; none changes its module."""

from __future__ import annotations

from gossamer.compiler.options import StatisticsDisplay, StatisticsFormat
from gossamer.tools.compile_flags.flag_rows import (
    FLOW_GROUP,
    GENERAL_GROUP,
    HAL_GROUP,
    PIPELINE_GROUP,
    choice_flag,
)
from gossamer.tools.compile_flags.parser import Flag

_DISPLAYS = {
    StatisticsDisplay.LIST: "Each pass once, by name.",
    StatisticsDisplay.PIPELINE: "In the order of their runs (default).",
}
_STATISTICS_FORMATS = {
    StatisticsFormat.PRETTY: "For people.",
    StatisticsFormat.VERBOSE: "The same, and the host program.",
    StatisticsFormat.CSV: "Comma separated values.",
    StatisticsFormat.JSON: "JSON.",
}


def _passes(name: str, help: str) -> Flag:
    return Flag(name, help, GENERAL_GROUP, "passes", is_list=True)


def _executable_dump(kind: str, help: str) -> tuple[str, Flag]:
    flag = f"iree-hal-dump-executable-{kind}-to"
    return f"dump_executable_{kind}_to", Flag(flag, help, HAL_GROUP, "folder")


INSPECTION = (
    (
        "trace_dispatches",
        Flag(
            "iree-flow-trace-dispatch",
            "Prints tensors of @function:number, or of an executable by name, when it runs.",
            FLOW_GROUP,
            "dispatch",
        ),
    ),
    (
        "trace_all_dispatches",
        Flag(
            "iree-flow-trace-dispatch-tensors",
            "Prints what every dispatch gets and gives when it runs.",
            FLOW_GROUP,
        ),
    ),
    (
        "dump_dispatch_graph",
        Flag("iree-flow-dump-dispatch-graph", "Draws which dispatch takes what from which.", FLOW_GROUP),
    ),
    (
        "dump_dispatch_graph_file",
        Flag(
            "iree-flow-dump-dispatch-graph-output-file",
            "File for the drawing; one that ends in .svg needs Graphviz.",
            FLOW_GROUP,
            "filename",
        ),
    ),
    (
        "export_benchmarks",
        Flag(
            "iree-flow-export-benchmark-funcs",
            "Exports functions to measure by in place of the program's.",
            FLOW_GROUP,
        ),
    ),
    _executable_dump("files", "Writes all that the other flags of its kind do."),
    _executable_dump("sources", "Writes each dispatch before its code."),
    _executable_dump("configurations", "Writes each dispatch with what was decided about its kernel."),
    _executable_dump("benchmarks", "Writes a program for each dispatch that only measures it."),
    _executable_dump("intermediates", "Writes LLVM IR, assembly and objects of native kernels."),
    _executable_dump("binaries", "Writes executables."),
    ("print_ir_before_all", Flag("mlir-print-ir-before-all", "Prints the program before each pass.")),
    ("print_ir_after_all", Flag("mlir-print-ir-after-all", "Prints the program after each pass.")),
    ("print_ir_after_change", Flag("mlir-print-ir-after-change", "Prints only where a pass changed it.")),
    ("print_ir_after_failure", Flag("mlir-print-ir-after-failure", "Prints the program if a pass fails.")),
    ("print_ir_after", _passes("mlir-print-ir-after", "Prints the program after these passes.")),
    ("print_ir_before", _passes("mlir-print-ir-before", "Prints the program before these passes.")),
    (
        "print_ir_tree_dir",
        Flag("mlir-print-ir-tree-dir", "Writes these prints to files of a folder.", metavar="folder"),
    ),
    ("print_pass_statistics", Flag("mlir-pass-statistics", "Reports what each pass did, in numbers.")),
    (
        "pass_statistics_display",
        choice_flag(
            "mlir-pass-statistics-display",
            "How passes are listed in that report.",
            _DISPLAYS,
            GENERAL_GROUP,
            "display",
        ),
    ),
    (
        "dump_statistics_format",
        choice_flag(
            "iree-scheduling-dump-statistics-format",
            "Writes numbers about the host program: memory, submissions, dispatches.",
            _STATISTICS_FORMATS,
            PIPELINE_GROUP,
            "format",
        ),
    ),
    (
        "dump_statistics_file",
        Flag(
            "iree-scheduling-dump-statistics-file",
            "File for those numbers; '-' is stdout, none is stderr.",
            PIPELINE_GROUP,
            "filename",
        ),
    ),
    ("timing", Flag("mlir-timing", "Reports times of phases and passes.")),
    *(
        (field, Flag(f"mlir-{name}", f"In MLIR's text: {help}"))
        for field, name, help in (
            ("asm_debug_info", "print-debuginfo", "where operations come from."),
            ("asm_pretty_debug_info", "pretty-debuginfo", "the same, easier to read."),
            ("asm_generic", "print-op-generic", "the generic form of operations."),
            ("asm_local_scope", "print-local-scope", "attributes where they are used."),
            ("asm_name_locations", "use-nameloc-as-prefix", "names of values from their places."),
            ("asm_assume_verified", "print-assume-verified", "no verification before."),
            ("asm_skip_regions", "print-skip-regions", "no regions."),
        )
    ),
    *(
        (
            field,
            Flag(
                f"mlir-elide-{name}-if-larger",
                f"Leaves {what} out of MLIR's text.",
                metavar="count",
                convert=int,
            ),
        )
        for field, name, what in (
            ("asm_elements_limit", "elementsattrs", "constants of more elements"),
            ("asm_resource_limit", "resource-strings", "resources of more characters"),
        )
    ),
)
"""Each option field with the flag that sets it."""
