"""The compiler's command: flags, files, exit codes."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gossamer.compiler import pipeline
from gossamer.compiler.options import CompileOptions, ExecutionModel, Phase, TypeConversion
from gossamer.errors import InternalError
from gossamer.format.archive import read_module
from gossamer.tools import gossamer, iree_compile
from gossamer.tools.compile_flags import table as flag_table
from gossamer.tools.compile_flags.parser import FlagError, parse_flags

ABS = """\
func.func @abs(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.absf %a : tensor<4xf32>
  return %0 : tensor<4xf32>
}
"""
VMVX = "--iree-hal-target-backends=vmvx"


def options_of(*arguments: str) -> CompileOptions:
    return flag_table.options_of(parse_flags(arguments, flag_table.command_line_flags()).values)


@pytest.fixture
def abs_file(tmp_path: Path) -> Path:
    path = tmp_path / "abs.mlir"
    path.write_text(ABS)
    return path


class TestFlags:
    def test_defaults_are_those_of_iree(self) -> None:
        options = options_of()
        assert options.execution_model is ExecutionModel.ASYNC_INTERNAL
        assert options.type_conversions == {TypeConversion.DEMOTE_F64_TO_F32}
        assert options.polyglot_zip

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--compile-to=flow"],
            ["--compile-to", "flow"],
            ["-compile-to=flow"],
            ["--compile-to=input", "--compile-to=flow"],
        ],
    )
    def test_spellings_of_a_value(self, arguments: list[str]) -> None:
        assert options_of(*arguments).compile_to is Phase.FLOW

    @pytest.mark.parametrize(
        ("text", "value"), [("", True), ("=true", True), ("=0", False), ("=FALSE", False)]
    )
    def test_spellings_of_a_switch(self, text: str, value: bool) -> None:
        assert options_of(f"--iree-vm-emit-polyglot-zip{text}").polyglot_zip is value

    def test_the_older_spelling_of_backends_names_the_device_too(self) -> None:
        options = options_of(VMVX)
        assert (options.target_device, options.target_backends) == ("local", ("vmvx",))

    def test_lists_add_up(self) -> None:
        assert options_of("--mlir-print-ir-after=a,b", "--mlir-print-ir-after=c").print_ir_after == (
            "a",
            "b",
            "c",
        )

    def test_type_conversions_are_switched_on_and_off(self) -> None:
        options = options_of("--iree-input-demote-f64-to-f32=false", "--iree-input-demote-i64-to-i32")
        assert options.type_conversions == {TypeConversion.DEMOTE_I64_TO_I32}

    def test_response_files_are_read(self, tmp_path: Path) -> None:
        path = tmp_path / "flags"
        path.write_text("--compile-to=abi # stop early\n'--iree-input-type=none'")
        options = options_of(f"@{path}")
        assert (options.compile_to, options.input_type) == (Phase.ABI, "none")

    def test_flags_that_only_tune_iree_are_accepted(self) -> None:
        assert options_of("--iree-llvmcpu-number-of-threads=4", "--iree-opt-data-tiling") == options_of()

    def test_one_warning_names_the_flags_that_decide_nothing(self) -> None:
        arguments = [
            "--iree-opt-data-tiling",
            "--iree-cuda-target=sm_80",
            "--compile-to=flow",
            "--iree-hal-memoization",
        ]
        values = parse_flags(arguments, flag_table.command_line_flags()).values
        assert flag_table.warning_of(values) == (
            "warning: without effect here: --iree-cuda-target (there are no targets for GPUs); "
            "--iree-hal-memoization, --iree-opt-data-tiling (this compiler decides it by itself)"
        )

    @pytest.mark.parametrize(
        ("arguments", "dropped"),
        [
            ([], False),
            (["--iree-opt-level=O1"], True),
            (["--iree-opt-level=O3", "--iree-global-optimization-opt-level=O0"], False),
            (["--iree-opt-level=O2", "--iree-opt-strip-assertions=false"], False),
            (["--iree-opt-strip-assertions"], True),
        ],
    )
    def test_levels_drop_assertions(self, arguments: list[str], dropped: bool) -> None:
        assert options_of(*arguments).drops_assertions is dropped

    def test_flags_that_cannot_be_honoured_are_refused(self) -> None:
        with pytest.raises(FlagError, match="--iree-hal-instrument-dispatches is not supported: dispatches"):
            options_of("--iree-hal-instrument-dispatches=1")

    def test_switching_off_what_is_refused_is_fine(self) -> None:
        assert options_of("--iree-llvmcpu-instrument-memory-accesses=false") == options_of()

    def test_positionals(self) -> None:
        parsed = parse_flags(["a.mlir", "-", "--", "-x"], {})
        assert parsed.positionals == ["a.mlir", "-", "-x"]


class TestFiles:
    def test_output_to_a_file(self, abs_file: Path, tmp_path: Path) -> None:
        output = tmp_path / "abs.vmfb"
        assert iree_compile.main([VMVX, str(abs_file), "-o", str(output)]) == 0
        module = read_module(output.read_bytes())
        assert "abs" in [export.local_name for export in module.exported_functions]

    def test_zip_and_flat(self, abs_file: Path, tmp_path: Path) -> None:
        output = tmp_path / "abs.vmfb"
        assert (
            iree_compile.main([VMVX, "--iree-vm-emit-polyglot-zip=false", str(abs_file), f"-o={output}"]) == 0
        )
        assert not output.read_bytes().startswith(b"PK")
        assert iree_compile.main([VMVX, str(abs_file), f"-o={output}"]) == 0
        assert output.read_bytes().startswith(b"PK")

    def test_tables_as_text_hold_all_data(self, abs_file: Path, tmp_path: Path) -> None:
        text, binary = tmp_path / "abs.json", tmp_path / "abs.vmfb"
        flag = "--iree-vm-bytecode-module-output-format"
        assert iree_compile.main([VMVX, f"{flag}=flatbuffer-text", str(abs_file), f"-o={text}"]) == 0
        assert iree_compile.main([VMVX, f"{flag}=flatbuffer-binary", str(abs_file), f"-o={binary}"]) == 0
        tables, module = json.loads(text.read_text()), read_module(binary.read_bytes())
        assert tables["name"] == module.name
        assert [bytes(segment["embedded_data"]) for segment in tables["rodata_segments"]] == [
            segment.data for segment in module.rodata_segments
        ]

    @pytest.mark.parametrize(
        "flag", ["--iree-vm-bytecode-module-output-format=mlir-text", "--output-format=vm-asm"]
    )
    def test_functions_as_text(self, flag: str, abs_file: Path, tmp_path: Path) -> None:
        output = tmp_path / "abs.mlir"
        assert iree_compile.main([VMVX, flag, str(abs_file), f"-o={output}"]) == 0
        assert output.read_text().startswith("vm.module public @module {")

    def test_functions_as_text_with_registers(self, abs_file: Path, tmp_path: Path) -> None:
        output = tmp_path / "abs.mlir"
        flag = "--iree-vm-bytecode-module-output-format=annotated-mlir-text"
        assert iree_compile.main([VMVX, flag, str(abs_file), f"-o={output}"]) == 0
        text = output.read_text()
        assert re.search(r'vm\.call @hal\.devices\.count\(\) .*  // results \["i\d+"\]$', text, re.MULTILINE)
        assert re.search(r'vm\.return .*  // operands \["R\d+"\]$', text, re.MULTILINE)

    def test_c_sources_are_not_written(self, abs_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert iree_compile.main([VMVX, "--output-format=vm-c", str(abs_file)]) == 1
        assert "C source modules are not written" in capsys.readouterr().err

    def test_standard_input_and_output(
        self, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ABS.encode())))
        assert iree_compile.main([VMVX]) == 0
        assert read_module(capfdbinary.readouterr().out)

    def test_mistakes_in_standard_input_are_reported_there(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"func.func @f() { oops }")))
        assert iree_compile.main([VMVX, "-"]) == 1
        assert capsys.readouterr().err.startswith("<stdin>:1:18: error: ")

    def test_phases_are_dumped(self, abs_file: Path, tmp_path: Path) -> None:
        folder = tmp_path / "phases"
        arguments = [VMVX, f"--dump-compilation-phases-to={folder}", str(abs_file), "-o", str(tmp_path / "x")]
        assert iree_compile.main(arguments) == 0
        names = sorted((path.name for path in folder.iterdir()), key=lambda name: int(name.split(".")[1]))
        assert names == [
            "abs.1.input.mlir",
            "abs.2.abi.mlir",
            "abs.3.preprocessing.mlir",
            "abs.6.flow.mlir",
            "abs.7.stream.mlir",
            "abs.10.executable-targets.mlir",
            "abs.11.hal.mlir",
            "abs.12.vm.mlir",
        ]

    @pytest.mark.parametrize("phase", ["start", "input", "abi", "preprocessing"])
    def test_compilation_resumes_from_what_a_phase_wrote(self, phase: str, tmp_path: Path) -> None:
        path, middle = tmp_path / "f.mlir", tmp_path / "f.middle.mlir"
        path.write_text(
            "builtin.module @m {\n"
            "  util.global private mutable @seen = 0 : i32\n"
            "  func.func private @other.fn(tensor<4xf32>) -> tensor<4xf32>\n"
            "  func.func @f(%a: tensor<4xf32>, %n: i8) -> tensor<4xf32> {\n"
            "    %0 = func.call @other.fn(%a) : (tensor<4xf32>) -> tensor<4xf32>\n"
            "    return %0 : tensor<4xf32>\n"
            "  }\n"
            "}\n"
        )
        assert iree_compile.main([VMVX, f"--compile-to={phase}", str(path), "-o", str(middle)]) == 0
        modules: list[bytes] = []
        for arguments in ([str(path)], [f"--compile-from={phase}", str(middle)]):
            output = tmp_path / "out"
            strip = "--iree-vm-bytecode-module-strip-source-map"
            assert iree_compile.main([VMVX, strip, *arguments, "-o", str(output)]) == 0
            modules.append(output.read_bytes())
        assert modules[0] == modules[1]

    def test_passes_are_printed_by_name(self, abs_file: Path, capfd: pytest.CaptureFixture[str]) -> None:
        command = [VMVX, str(abs_file), "-o", "/dev/null"]
        assert iree_compile.main([*command, "--mlir-print-ir-before-all"]) == 0
        printed = capfd.readouterr().err
        assert "IR Dump Before form-dispatches //" in printed
        assert "IR Dump After" not in printed
        for flag in ("--mlir-print-ir-before", "--mlir-print-ir-after"):
            assert iree_compile.main([*command, f"{flag}=form-dispatches,no-such-pass"]) == 1
            printed = capfd.readouterr().err
            assert "form-dispatches //" in printed
            assert "error: no pass that ran is called 'no-such-pass'" in printed

    @pytest.mark.parametrize("phase", pipeline.PHASES, ids=lambda phase: phase.value)
    def test_compilation_stops_after_any_phase(self, phase: Phase, abs_file: Path, tmp_path: Path) -> None:
        output = tmp_path / "out"
        assert iree_compile.main([VMVX, f"--compile-to={phase.value}", str(abs_file), "-o", str(output)]) == 0
        assert output.read_bytes()

    @pytest.mark.parametrize("level", ["O0", "O1"])
    def test_a_level_drops_what_the_program_asserts(self, level: str, tmp_path: Path) -> None:
        path, output = tmp_path / "f.mlir", tmp_path / "f.txt"
        path.write_text('func.func @f(%c: i1) { cf.assert %c, "because"  return }')
        flags = [VMVX, f"--iree-opt-level={level}", "--compile-to=vm", "-o", str(output)]
        assert iree_compile.main([*flags, str(path)]) == 0
        assert ("because" in output.read_text()) is (level == "O0")

    @pytest.mark.parametrize(
        "input_type", ["auto", "none", "stablehlo", "stablehlo_xla", "tosa", "torch", "tm_tensor", "vhlo"]
    )
    def test_an_input_type_needs_no_such_operations(
        self, input_type: str, abs_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        flags = [VMVX, f"--iree-input-type={input_type}", "-o", str(tmp_path / "x")]
        assert iree_compile.main([*flags, str(abs_file)]) == 0
        assert capsys.readouterr().err == ""


class TestSeveralModules:
    TEXT = """
        module @one { func.func @f(%a: f32) -> f32 { return %a : f32 } }
        module @two { func.func @g(%a: f32) -> f32 { return %a : f32 } }
    """

    def test_a_file_holds_one(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "both.mlir"
        path.write_text(self.TEXT)
        assert iree_compile.main([VMVX, str(path), "-o", str(tmp_path / "both.vmfb")]) == 1
        error = capsys.readouterr().err
        assert "a file holds one module, and here are @one, @two" in error
        assert "-o folder/ writes a file for each" in error

    def test_a_folder_gets_a_file_for_each(self, tmp_path: Path) -> None:
        path = tmp_path / "both.mlir"
        path.write_text(self.TEXT)
        assert iree_compile.main([VMVX, str(path), "-o", f"{tmp_path / 'out'}/"]) == 0
        written = {file.name: read_module(file.read_bytes()) for file in (tmp_path / "out").iterdir()}
        assert {name: module.name for name, module in written.items()} == {
            "one.vmfb": "one",
            "two.vmfb": "two",
        }

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("module @m {}\nmodule @m {}", "two.mlir:2:1: error: redefinition of symbol named 'm'"),
            ("module {}\nmodule {}", "two.mlir:2:1: error: two modules have the name ''"),
            (
                "module @m {}\nfunc.func private @f()",
                "two.mlir:2:1: error: 'func.func' stands beside modules",
            ),
        ],
    )
    def test_what_is_no_row_of_modules_is_refused(
        self, text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "two.mlir").write_text(text)
        assert iree_compile.main([VMVX, str(tmp_path / "two.mlir"), "-o", f"{tmp_path / 'out'}/"]) == 1
        assert message in capsys.readouterr().err

    def test_input_is_split_where_asked(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        one, two = self.TEXT.strip().splitlines()
        path = tmp_path / "both.mlir"
        path.write_text(f"{one}\n// -----\n{two}")
        flags = [VMVX, "--split-input-file", str(path), "-o", f"{tmp_path / 'out'}/"]
        assert iree_compile.main(flags) == 0
        assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["one.vmfb", "two.vmfb"]
        assert iree_compile.main([VMVX, "--split-input-file", str(path), "-o", str(tmp_path / "x")]) == 1
        path.write_text(f"{one}\n// -----\n{two.replace('%a :', '%b :')}")
        assert iree_compile.main(flags) == 1
        assert "both.mlir:3:" in capsys.readouterr().err


class TestFaults:
    def test_a_fault_of_ours_says_so(
        self, abs_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(*_: object) -> None:
            raise InternalError("the invariant is broken")

        monkeypatch.setattr(pipeline.flow, "run", fail)
        assert iree_compile.main([VMVX, str(abs_file)]) == 70
        error = capsys.readouterr().err
        assert "internal error: the invariant is broken" in error
        assert "Traceback" not in error

    def test_any_other_exception_is_a_fault_of_ours(
        self, abs_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(*_: object) -> None:
            raise KeyError("nothing")

        monkeypatch.setattr(pipeline.flow, "run", fail)
        monkeypatch.setenv("GOSSAMER_TRACEBACK", "1")
        assert iree_compile.main([VMVX, str(abs_file)]) == 70
        error = capsys.readouterr().err
        assert "internal error: KeyError: 'nothing'" in error
        assert "Traceback" in error

    def test_tracebacks_of_a_users_mistake_are_shown_on_request_only(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "bad.mlir"
        path.write_text("oops")
        assert iree_compile.main([VMVX, str(path)]) == 1
        assert "Traceback" not in capsys.readouterr().err
        monkeypatch.setenv("GOSSAMER_TRACEBACK", "1")
        assert iree_compile.main([VMVX, str(path)]) == 1
        assert "Traceback" in capsys.readouterr().err


class TestStartUp:
    def test_flags_do_not_load_mlir(self) -> None:
        program = (
            "import sys; from gossamer.tools.iree_compile import main; main(['--help']); "
            "sys.exit('torch_mlir' in sys.modules)"
        )
        assert (
            subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0
        )

    def test_operation_classes_and_the_runtime_are_not_loaded(self, abs_file: Path, tmp_path: Path) -> None:
        program = (
            "import sys; from gossamer.tools.iree_compile import main\n"
            f"main([{VMVX!r}, {str(abs_file)!r}, '-o', {str(tmp_path / 'x')!r}])\n"
            "found = {'torch_mlir.dialects', 'llvmlite', 'gossamer.hal', 'gossamer.runtime',\n"
            "         'gossamer.vm'} & set(sys.modules)\n"
            "sys.exit(' '.join(found) or None)"
        )
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stderr) == (0, "")


class TestUmbrella:
    def test_commands_are_passed_on(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert gossamer.main(["compile", "--version"]) == 0
        assert "IREE compiler version" in capsys.readouterr().out

    def test_unknown_commands_are_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert gossamer.main(["frobnicate"]) == 1
        assert "gossamer: no command 'frobnicate'" in capsys.readouterr().err

    def test_help_lists_the_commands(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert gossamer.main([]) == 0
        assert "compile" in capsys.readouterr().out


def test_what_can_be_compiled_for_is_listed(capfd: pytest.CaptureFixture[str]) -> None:
    backends = iree_compile.main(["--iree-hal-list-target-backends"]), capfd.readouterr().out
    architectures = iree_compile.main(["--iree-llvmcpu-list-targets"]), capfd.readouterr().out

    assert backends == (0, "Registered target backends:\n  llvm-cpu\n  vmvx\n")
    assert architectures == (0, "  Registered Targets:\n    aarch64\n    riscv64\n    x86-64\n")
