"""Wrong programs: one clear message each, exit code 1, no traceback."""

from pathlib import Path

import pytest

import gossamer
from gossamer.tools.iree_run_module import main

EXPORTER = """
builtin.module @module_a {
  func.func @abs(%input: tensor<4xf32>) -> tensor<4xf32> {
    %0 = math.absf %input : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
"""


def importer(name: str = "abs", type: str = "tensor<4xf32>", attributes: str = "", extra: str = "") -> str:
    arguments = f"{type}{', i32' if extra else ''}"
    passed = "%input, %one" if extra else "%input"
    return f"""
builtin.module @pipeline {{
  func.func private @module_a.{name}({arguments}) -> {type} {attributes}
  func.func @run(%input: {type}) -> {type} {{
    %one = arith.constant 1 : i32
    %0 = call @module_a.{name}({passed}) : ({arguments}) -> {type}
    return %0 : {type}
  }}
}}
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("link")
    sources = {
        "a": EXPORTER,
        "run": importer(),
        "wrong_name": importer(name="abz"),
        "wrong_shape": importer(type="tensor<8xf32>"),
        "wrong_dtype": importer(type="tensor<4xi32>"),
        "wrong_count": importer(extra="i32"),
        "wrong_model": importer(attributes='attributes {iree.abi.model = "coarse-fences"}'),
    }
    paths: dict[str, str] = {}
    for name, source in sources.items():
        path = folder / f"{name}.vmfb"
        path.write_bytes(gossamer.compile_text(source))
        paths[name] = str(path)
    asynchronous = folder / "a_async.vmfb"
    asynchronous.write_bytes(gossamer.compile_text(EXPORTER, asynchronous=True))
    paths["a_async"] = str(asynchronous)
    return paths


CONTEXT = "creating VM context; creating run context"
LOADING = f"while loading module 'pipeline'; {CONTEXT}"
ASYNC_HINT = "\nhint: iree-compile --iree-execution-model=async-external compiles asynchronous exports"


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        (
            ("run", "a"),
            "NOT_FOUND; pipeline imports module_a.abs, but module_a is loaded after pipeline: "
            f"load {{a}} first; {LOADING}\nhint: pass --module={{a}} before the module that needs it",
        ),
        (
            ("run",),
            "NOT_FOUND; pipeline imports module_a.abs, but no module named 'module_a' is loaded "
            f"(loaded: hal); load module_a before pipeline; {LOADING}",
        ),
        (
            ("a", "wrong_name"),
            "NOT_FOUND; pipeline imports module_a.abz, but module_a exports no such function; did you mean "
            f"'abs'? it exports abs; {LOADING}",
        ),
        (
            ("a", "wrong_shape"),
            "INCOMPATIBLE; argument 0 of module_a.abs is tensor<4xf32>, but pipeline expects tensor<8xf32>: "
            f"declare the import in pipeline as module_a exports it, and recompile pipeline; {LOADING}",
        ),
        (
            ("a", "wrong_dtype"),
            "INCOMPATIBLE; argument 0 of module_a.abs is tensor<4xf32>, but pipeline expects tensor<4xi32>: "
            f"declare the import in pipeline as module_a exports it, and recompile pipeline; {LOADING}",
        ),
        (
            ("a", "wrong_count"),
            "INCOMPATIBLE; module_a.abs is (ref) -> (ref), but pipeline expects (ref, i32) -> (ref): "
            f"declare the import in pipeline as module_a exports it, and recompile pipeline; {LOADING}",
        ),
        (
            ("a", "wrong_model"),
            "INCOMPATIBLE; module_a.abs is synchronous, but pipeline passes fences to it: recompile module_a "
            'for the execution model async-external, or pipeline with iree.abi.model = "sync" on the '
            f"import; {LOADING}{ASYNC_HINT}",
        ),
        (
            ("a_async", "run"),
            "INCOMPATIBLE; module_a.abs is asynchronous, but "
            'pipeline calls it synchronously: annotate the import with iree.abi.model = "coarse-fences", or '
            f"recompile module_a for the execution model sync; {LOADING}{ASYNC_HINT}",
        ),
        (
            ("a", "a", "run"),
            "ALREADY_EXISTS; a module named 'module_a' is loaded already: leave one out, or rename one in "
            f"its source; {CONTEXT}",
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_program_says_what_to_change(
    files: dict[str, str], modules: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [f"--module={files[module]}" for module in modules]

    code = main(["--device=local-sync", *argv, "--input=4xf32=1"])

    output = capsys.readouterr()
    assert (code, output.out) == (1, "")
    assert output.err == f"iree-run-module: {message.format(**files)}\n"


def test_a_version_that_is_too_low(files: dict[str, str]) -> None:
    @gossamer.module("newer")
    class Newer:
        @gossamer.imports("module_a.abs", minimum_version=2)
        def abs(self, value: object) -> object: ...

    with pytest.raises(gossamer.StatusError) as raised:
        gossamer.Pipeline([files["a"], Newer], device="local-sync")

    assert raised.value.message == (
        "newer needs module_a in version 2 or later, but version 0 is loaded: "
        "load a newer module_a, or recompile newer for version 0"
    )


def test_files_that_are_no_modules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "program.mlir"
    text.write_text(EXPORTER)

    code = main(["--device=local-sync", f"--module={text}", "--input=4xf32=1"])

    error = capsys.readouterr().err
    assert code == 1
    assert f"loading bytecode module at '{text}'" in error
    assert "Traceback" not in error
