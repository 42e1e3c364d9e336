"""The header, as the C compiler lays it out, is what Python reads and writes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from c_compiler import CompileC

import gossamer
from gossamer.abi import element_type as element_types
from gossamer.errors import StatusCode
from gossamer.modules.c import abi
from gossamer.modules.c.host import FUNCTIONS, HOST_BYTES
from gossamer.modules.c.location import QUERY_SYMBOL
from gossamer.versions import C_ABI_VERSION

HEADER = Path(gossamer.get_include()) / "gossamer" / "module.h"
TEXT = HEADER.read_text()

EXPECTED = {
    "sizeof(gossamer_module_t)": abi.MODULE.size,
    "sizeof(gossamer_export_t)": abi.EXPORT.size,
    "sizeof(gossamer_import_t)": abi.IMPORT.size,
    "sizeof(gossamer_dependency_t)": abi.DEPENDENCY.size,
    "sizeof(gossamer_pair_t)": abi.PAIR.size,
    "sizeof(gossamer_call_t)": abi.CALL.size,
    "sizeof(gossamer_span_t)": abi.SPAN.size,
    "sizeof(gossamer_value_t)": abi.SLOT_BYTES,
    "offsetof(gossamer_variant_t, value)": abi.VARIANT_TYPE.size,
    "sizeof(gossamer_memory_t)": abi.MEMORY.size,
    "offsetof(gossamer_buffer_view_t, element_type)": abi.MEMORY.size,
    "offsetof(gossamer_buffer_view_t, rank)": abi.MEMORY.size + 4,
    "offsetof(gossamer_buffer_view_t, shape)": abi.MEMORY.size + 8,
    "sizeof(gossamer_host_t)": HOST_BYTES,
    "GOSSAMER_ABI_VERSION": C_ABI_VERSION,
    "GOSSAMER_MAX_RANK": abi.MAX_RANK,
    **{f"GOSSAMER_{code.name}": code.value for code in StatusCode if code},
}


def test_sizes_and_numbers(compile_c: CompileC, tmp_path: Path) -> None:
    del compile_c  # skips where there is no compiler
    prints = "".join(f'printf("%ld\\n", (long)({expression}));' for expression in EXPECTED)
    source = tmp_path / "sizes.c"
    source.write_text(
        f"#include <gossamer/module.h>\n#include <stdio.h>\nint main(void) {{{prints} return 0;}}"
    )
    program = tmp_path / "sizes"
    cc = shutil.which("cc") or "cc"
    subprocess.run(
        [cc, "-std=c99", f"-I{gossamer.get_include()}", str(source), "-o", str(program)], check=True
    )

    found = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.split()

    assert dict(zip(EXPECTED, map(int, found), strict=True)) == EXPECTED


def test_the_host_table_is_in_the_order_of_the_header() -> None:
    table = re.search(r"typedef struct gossamer_host_t \{(.*?)\} gossamer_host_t;", TEXT, re.DOTALL)
    assert table
    assert re.findall(r"\(\*(\w+)\)\(", table[1]) == list(FUNCTIONS)


def test_element_types_are_the_host_s() -> None:
    found = dict(re.findall(r"GOSSAMER_(\w+) = (0x\w{8})", TEXT))
    assert found
    for name, number in found.items():
        assert int(number, 16) == getattr(element_types, name), name


def test_the_symbol_is_the_header_s() -> None:
    assert f'#define GOSSAMER_QUERY_SYMBOL "{QUERY_SYMBOL}"' in TEXT


def test_the_header_is_c_and_cpp(tmp_path: Path) -> None:
    for compiler, standard in (("cc", "-std=c99"), ("c++", "-std=c++11")):
        if shutil.which(compiler):
            source = tmp_path / ("a.cpp" if compiler == "c++" else "a.c")
            source.write_text("#include <gossamer/module.h>\n")
            flags = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"]
            subprocess.run(
                [compiler, standard, *flags, f"-I{gossamer.get_include()}", str(source)], check=True
            )


def test_a_module_in_cpp_exports_its_query_function(tmp_path: Path) -> None:
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("needs a C++ compiler: no `c++` on PATH")
    source, library = tmp_path / "a.cpp", tmp_path / "a.so"
    source.write_text("""
        #include <gossamer/module.h>
        static gossamer_status_t seven(void *, void *, const gossamer_call_t *call) {
          call->results[0].i32 = 7;
          return GOSSAMER_OK;
        }
        static const gossamer_export_t exports[] = {{"seven", "0v_i", seven, 0, nullptr}};
        static gossamer_module_t make() {
          gossamer_module_t made = {};
          made.abi_version = GOSSAMER_ABI_VERSION;
          made.struct_size = sizeof(made);
          made.name = "cpp";
          made.export_count = GOSSAMER_COUNT(exports);
          made.exports = exports;
          return made;
        }
        GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t, const gossamer_host_t *) {
          static const gossamer_module_t module = make();
          return &module;
        }
    """)
    flags = ["-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-shared", "-fPIC"]
    include = f"-I{gossamer.get_include()}"
    subprocess.run([compiler, *flags, include, str(source), "-o", str(library)], check=True)

    assert gossamer.Pipeline([library], device="local-sync").seven() == 7
