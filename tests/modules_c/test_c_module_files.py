"""Files that are no module in C, or one with a mistake: refused with a sentence; none ends the process."""

from __future__ import annotations

from pathlib import Path

import pytest
from c_compiler import CompileC

import gossamer
from gossamer.errors import (
    FailedPreconditionError,
    FormatError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    StatusError,
    VersionMismatchError,
)
from gossamer.modules.c.location import parse_location
from gossamer.tools.iree_dump_module import main as dump_module

MISTAKES: dict[int, tuple[type[StatusError], str]] = {
    1: (FormatError, r"'f' has the model coarse-fences, so its calling convention must end .* found '0v_v'"),
    2: (FormatError, "'function f takes nothing' does not read as 'sync func"),
    3: (FormatError, "has 1 arguments and 0 results, the calling convention 0 and 0"),
    4: (FormatError, "attribute 'key' of 'f' is given twice"),
    5: (FormatError, r"exports\[0\].attributes: value is null"),
    6: (FormatError, r"exports\[0\]: function of 'f' is null"),
    7: (FormatError, r"'1v_v' has version '1'.*of 'f' in exports\[0\]"),
    8: (FormatError, "'0x_v' has 'x' where"),
    9: (FormatError, r"exports\[0\]: calling_convention is null"),
    10: (FormatError, r"exports\[0\]: name is null"),
    11: (FormatError, "export 'f' is declared twice"),
    12: (FormatError, "array is null, but its count is 1"),
    13: (FormatError, "name '' is empty"),
    14: (FormatError, r"exports\[0\]: name is not UTF-8"),
    15: (FormatError, r"imports\[0\]: name 'alone' is not of the form 'module.function'"),
    16: (FormatError, "import 'one.f' is declared twice"),
    17: (FormatError, "dependency 'two' is declared twice"),
    19: (
        VersionMismatchError,
        "built for version 2 of gossamer/module.h, this is version 1; compile it again",
    ),
    20: (FormatError, r"struct_size is 8, expected sizeof\(gossamer_module_t\) = 128"),
    21: (FormatError, "gossamer_module_t: name is null"),
    22: (FormatError, "module name 'a.b' contains a dot"),
    23: (FormatError, "1099511627776 entries pass the limit"),
    24: (FormatError, "exports: array is null, but its count is 1"),
    25: (FormatError, "dynamic module for IREE's runtime in C, whose structs are not ours; build the module"),
    26: (FormatError, "file is an executable .* no module"),
    27: (NotFoundError, "exports no function 'gossamer_module_query'; a module in C has one"),
    28: (VersionMismatchError, "does not work with version 1 of gossamer/module.h"),
}


@pytest.mark.parametrize("fault", MISTAKES)
def test_mistakes_are_named(compile_c: CompileC, fault: int) -> None:
    error, message = MISTAKES[fault]
    library = compile_c("faulty.c", f"-DFAULT={fault}", "-Wno-unused")
    with pytest.raises(error, match=message) as caught:
        gossamer.load_native_module(library)
    assert caught.value.annotations[-1] == f"loading native module at '{library}'"


def test_without_a_mistake_it_loads(compile_c: CompileC) -> None:
    library = compile_c("faulty.c", "-DFAULT=0")
    pipeline = gossamer.Pipeline([library], device="local-sync")

    assert pipeline.f() is None
    assert pipeline.main.module.exports["f"].attrs == {"key": "value"}
    dependencies = pipeline.main.module.dependencies
    assert [(dependency.name, dependency.is_required) for dependency in dependencies] == [
        ("two", False),
        ("one", False),
    ]


def test_what_it_depends_on_is_checked_when_linked(compile_c: CompileC) -> None:
    with pytest.raises(NotFoundError, match="two"):
        gossamer.Pipeline([compile_c("faulty.c", "-DFAULT=18")], device="local-sync")


def test_iree_s_symbol_is_refused_by_name_too(compile_c: CompileC) -> None:
    library = compile_c("faulty.c", "-DFAULT=25", "-Wno-unused")
    for symbol in ("iree_vm_dynamic_module_create", "create_fn"):
        with pytest.raises(
            FormatError, match=f"'{symbol}' is no name of a query .* IREE's runtime in C cannot"
        ):
            gossamer.load_module(f"{library}@{symbol}")


def test_files_of_other_kinds(tmp_path: Path, kit: Path) -> None:
    missing, text, foreign, broken = (
        tmp_path / f"{name}.so" for name in ("missing", "text", "foreign", "cut")
    )
    text.write_text("gossamer_module_query, but only as text\n" * 3)
    image = bytearray(kit.read_bytes())
    broken.write_bytes(image[: len(image) // 2])
    image[18] = 183
    foreign.write_bytes(image)

    with pytest.raises(NotFoundError, match=r"failed to open file '.*missing.so': No such file"):
        gossamer.load_module(missing)
    with pytest.raises(FormatError, match="does not start with the ELF signature"):
        gossamer.load_module(text)
    with pytest.raises(FailedPreconditionError, match=r"module is for aarch64 .* runs on x86_64"):
        gossamer.load_module(foreign)
    with pytest.raises(FormatError, match="pass the end of the file; loading native module at"):
        gossamer.load_module(broken)


def test_a_library_that_the_system_refuses(compile_c: CompileC) -> None:
    library = compile_c(
        """
        #include <gossamer/module.h>
        extern int nobody_has_this(void);
        GOSSAMER_EXPORT const gossamer_module_t *gossamer_module_query(uint32_t v, const gossamer_host_t *h) {
          (void)h;
          return nobody_has_this() + v ? (const gossamer_module_t *)0 : 0;
        }"""
    )
    with pytest.raises(FailedPreconditionError, match="undefined symbol: nobody_has_this"):
        gossamer.load_module(library)


@pytest.mark.parametrize("policy", ["none", "embedded"])
def test_the_policy_of_native_code_holds(compile_c: CompileC, policy: str) -> None:
    library = compile_c(
        """
        #include <stdlib.h>
        __attribute__((constructor)) static void start(void) { abort(); }
        const char name[] = "gossamer_module_query";"""
    )
    for load in (
        lambda: gossamer.load_native_module(library, allow_native=policy),
        lambda: gossamer.load_module(library, allow_native=policy),
        lambda: gossamer.Pipeline([library], device="local-sync", allow_native=policy),
    ):
        with pytest.raises(
            PermissionDeniedError, match=r"module '.*\.so' is native code, .* '--?allow|allow"
        ):
            load()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/libfoo.so", ("a/libfoo.so", "gossamer_module_query", {})),
        ("libfoo.so?a=1&b=x=y", ("libfoo.so", "gossamer_module_query", {"a": "1", "b": "x=y"})),
        ("libfoo.so@other?a=", ("libfoo.so", "other", {"a": ""})),
        ("x@y.so@z", ("x@y.so", "z", {})),
        ("libfoo.dylib?", ("libfoo.dylib", "gossamer_module_query", {})),
    ],
)
def test_locations(text: str, expected: tuple[str, str, dict[str, str]]) -> None:
    location = parse_location(text)
    assert location is not None
    assert (location.path, location.symbol, location.parameters) == expected


@pytest.mark.parametrize("text", ["module.vmfb", "-", "libfoo.so.vmfb", "solid", "so", ".sort"])
def test_other_paths_are_no_locations(text: str) -> None:
    assert parse_location(text) is None


@pytest.mark.parametrize("text", ["f.so?a", "f.so?=1", "f.so?a=1&a=2"])
def test_bad_parameters(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="parameter"):
        parse_location(text)


def test_iree_dump_module_lists_it(kit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dump_module([str(kit)]) == 0

    text = capsys.readouterr().out
    assert "// @kit : version 7\n" in text
    assert "  other, version >= 0, required\n" in text
    assert "  [  1] other.total(tuple<i32, i64>..., !vm.ref<?>) -> (i64)\n" in text
    assert "  [  2] ?nowhere.at_all() -> (i32)\n" in text
    assert "  [  3] count() -> (i64)\n" in text
    assert "        iree.abi.model: coarse-fences\n" in text


def test_iree_dump_module_runs_code_only_where_it_may(kit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dump_module([str(kit), "--allow-native=none"]) == 1
    assert "PERMISSION_DENIED" in capsys.readouterr().err
    assert dump_module([str(kit), "--output=disassembly"]) == 1
    assert "a module in C has no bytecode" in capsys.readouterr().err
