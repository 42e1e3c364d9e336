"""Link errors: classes, fields and exact messages."""

import pytest
from bytecode_programs import HostModule, Program, imported

from gossamer.abi.declaration import ExecutionModel
from gossamer.errors import AlreadyExistsError, IncompatibleError, NotFoundError, StatusCode
from gossamer.format.module_def import ModuleDependency
from gossamer.isa.encode import Assembler
from gossamer.vm.link.context import Context
from gossamer.vm.link.link_errors import (
    DuplicateModuleError,
    ExecutionModelMismatchError,
    ModuleVersionError,
    SignatureMismatchError,
    UnknownFunctionError,
    UnknownModuleError,
)

SYNC_ABS = "sync func @abs(%input0: tensor<4xf32>) -> (%output0: tensor<4xf32>)"
ASYNC = {"iree.abi.model": "coarse-fences"}


def returns_argument(a: Assembler) -> None:
    a.emit("return", (0x8000,))


def exporter(name: str = "module_a", convention: str = "0r_r", **attrs: str) -> Program:
    pairs = {key.replace("_", "."): value for key, value in attrs.items()}
    return Program(name=name).function("abs", convention, returns_argument, attrs=pairs)


def importer(full_name: str = "module_a.abs", convention: str = "0r_r", **attrs: str) -> Program:
    return Program(name="pipeline", imports=(imported(full_name, convention, **attrs),))


def failure(*programs: Program) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011  (each test looks at the class)
        Context([program.build(source=f"{program.name}.vmfb") for program in programs])
    return caught.value


def test_a_module_loaded_later() -> None:
    error = failure(importer(), exporter())

    assert isinstance(error, UnknownModuleError)
    assert isinstance(error, NotFoundError)
    assert (error.importer, error.module, error.function) == ("pipeline", "module_a", "abs")
    assert error.is_loaded_later
    assert error.source == "module_a.vmfb"
    assert error.message == (
        "pipeline imports module_a.abs, but module_a is loaded after pipeline: load module_a.vmfb first"
    )
    assert error.annotations == ["while loading module 'pipeline'"]


def test_a_module_that_is_missing() -> None:
    error = failure(exporter("module_b"), importer("module_a.abs"))

    assert isinstance(error, UnknownModuleError)
    assert not error.is_loaded_later
    assert error.message == (
        "pipeline imports module_a.abs, but no module named 'module_a' is loaded (loaded: module_b); "
        "did you mean 'module_b'? load module_a before pipeline"
    )


def test_a_module_that_is_missing_and_like_no_other() -> None:
    error = failure(importer("vision.resize"))

    assert isinstance(error, UnknownModuleError)
    assert error.message == (
        "pipeline imports vision.resize, but no module named 'vision' is loaded (loaded: nothing); "
        "load vision before pipeline"
    )


def test_a_dependency_without_imports() -> None:
    error = failure(Program(name="pipeline", dependencies=(ModuleDependency("hal", 6),)))

    assert isinstance(error, UnknownModuleError)
    assert error.function == ""
    assert error.message == (
        "pipeline depends on hal, but no module named 'hal' is loaded (loaded: nothing); "
        "load hal before pipeline"
    )


def test_a_function_misspelled() -> None:
    error = failure(exporter(), importer("module_a.asb"))

    assert isinstance(error, UnknownFunctionError)
    assert (error.importer, error.module, error.function, error.suggestion) == (
        "pipeline",
        "module_a",
        "asb",
        "abs",
    )
    assert error.message == (
        "pipeline imports module_a.asb, but module_a exports no such function; did you mean 'abs'? "
        "it exports abs"
    )


def test_a_function_like_no_other() -> None:
    error = failure(exporter(), importer("module_a.softmax"))

    assert isinstance(error, UnknownFunctionError)
    assert error.suggestion == ""
    assert error.message == (
        "pipeline imports module_a.softmax, but module_a exports no such function; it exports abs"
    )


def test_looking_up_what_is_not_there() -> None:
    context = Context([exporter().build()])

    with pytest.raises(UnknownFunctionError) as caught:
        context.lookup("module_a.asb")
    assert caught.value.message == (
        "module module_a exports no function 'asb'; did you mean 'abs'? it exports abs"
    )
    with pytest.raises(UnknownModuleError) as caught_module:
        context.lookup("module_b.abs")
    assert caught_module.value.module == "module_b"
    assert caught_module.value.message == (
        "no module named 'module_b' is loaded (loaded: module_a); did you mean 'module_a'?"
    )


def test_a_version_too_low() -> None:
    needing = Program(name="pipeline", dependencies=(ModuleDependency("hal", 7),))
    with pytest.raises(ModuleVersionError) as caught:
        Context([HostModule("hal", {}, version=6), needing.build()])

    error = caught.value
    assert (error.importer, error.module, error.minimum, error.found) == ("pipeline", "hal", 7, 6)
    assert error.message == (
        "pipeline needs hal in version 7 or later, but version 6 is loaded: "
        "load a newer hal, or recompile pipeline for version 6"
    )


def test_versions_high_enough_and_optional_ones() -> None:
    needs_old = Program(name="a", dependencies=(ModuleDependency("hal", 6),))
    needs_any = Program(
        name="b",
        dependencies=(
            ModuleDependency("hal", 99, is_required=False),
            ModuleDependency("x", is_required=False),
        ),
    )
    Context([HostModule("hal", {}, version=7), needs_old.build(), needs_any.build()])


def test_two_modules_of_one_name() -> None:
    error = failure(exporter(), exporter())

    assert isinstance(error, DuplicateModuleError)
    assert isinstance(error, AlreadyExistsError)
    assert error.module == "module_a"
    assert error.message == (
        "a module named 'module_a' is loaded already: leave one out, or rename one in its source"
    )


def test_calling_conventions_that_differ() -> None:
    error = failure(exporter(convention="0ri_r"), importer())

    assert isinstance(error, SignatureMismatchError)
    assert isinstance(error, IncompatibleError)
    assert error.code is StatusCode.INCOMPATIBLE
    assert (error.importer, error.module, error.function) == ("pipeline", "module_a", "abs")
    assert (error.expected, error.found) == ("(ref) -> (ref)", "(ref, i32) -> (ref)")
    assert error.message == (
        "module_a.abs is (ref, i32) -> (ref), but pipeline expects (ref) -> (ref): "
        "declare the import in pipeline as module_a exports it, and recompile pipeline"
    )


def test_conventions_are_compared_byte_for_byte() -> None:
    error = failure(
        Program(name="module_a").function("abs", "0_r", lambda a: a.emit("return", (0x8000,))),
        importer(convention="0v_r"),
    )
    assert isinstance(error, SignatureMismatchError)
    assert (error.expected, error.found) == ("calling convention 0v_r", "calling convention 0_r")


def test_imports_without_a_convention_fit_only_exports_that_take_nothing() -> None:
    error = failure(exporter(), importer(convention=""))

    assert isinstance(error, SignatureMismatchError)
    assert (error.expected, error.found) == ("() -> ()", "(ref) -> (ref)")
    Context([exporter(convention="0v_v").build(), importer(convention="").build()])


def test_an_async_export_called_synchronously() -> None:
    error = failure(exporter(convention="0rrr_r", iree_abi_model="coarse-fences"), importer())

    assert isinstance(error, ExecutionModelMismatchError)
    assert (error.importer, error.module, error.function) == ("pipeline", "module_a", "abs")
    assert (error.expected, error.found) == (ExecutionModel.SYNC, ExecutionModel.COARSE_FENCES)
    assert error.message == (
        "module_a.abs is asynchronous, "
        'but pipeline calls it synchronously: annotate the import with iree.abi.model = "coarse-fences", '
        "or recompile module_a for the execution model sync"
    )


def test_a_sync_export_called_with_fences() -> None:
    error = failure(exporter(), importer(convention="0rrr_r"))

    assert isinstance(error, ExecutionModelMismatchError)
    assert (error.expected, error.found) == (ExecutionModel.COARSE_FENCES, ExecutionModel.SYNC)
    assert error.message == (
        "module_a.abs is synchronous, but pipeline passes fences to it: "
        "recompile module_a for the execution model async-external, "
        'or pipeline with iree.abi.model = "sync" on the import'
    )


def test_models_that_differ_under_one_convention() -> None:
    error = failure(
        exporter(convention="0rrr_r", iree_abi_declaration=SYNC_ABS),
        importer(convention="0rrr_r", iree_abi_model="coarse-fences"),
    )
    assert isinstance(error, ExecutionModelMismatchError)
    assert (error.expected, error.found) == (ExecutionModel.COARSE_FENCES, ExecutionModel.SYNC)


def declared(**declarations: str) -> Exception:
    return failure(
        exporter(iree_abi_declaration=declarations["found"]),
        importer(iree_abi_declaration=declarations["expected"]),
    )


def test_shapes_that_differ() -> None:
    error = declared(expected=SYNC_ABS, found="sync func @abs(%x: tensor<8xf32>) -> (%y: tensor<8xf32>)")

    assert isinstance(error, SignatureMismatchError)
    assert (error.position, error.expected, error.found) == ("argument 0", "tensor<4xf32>", "tensor<8xf32>")
    assert error.message == (
        "argument 0 of module_a.abs is tensor<8xf32>, but pipeline expects tensor<4xf32>: "
        "declare the import in pipeline as module_a exports it, and recompile pipeline"
    )


def test_element_types_that_differ() -> None:
    error = declared(expected=SYNC_ABS, found="sync func @abs(%x: tensor<4xf32>) -> (%y: tensor<4xi32>)")

    assert isinstance(error, SignatureMismatchError)
    assert error.position == "result 0"
    assert (error.expected, error.found) == ("tensor<4xf32>", "tensor<4xi32>")


def test_numbers_of_arguments_that_differ() -> None:
    error = declared(expected=SYNC_ABS, found="sync func @abs() -> (%y: tensor<4xf32>)")

    assert isinstance(error, SignatureMismatchError)
    assert error.message.startswith(
        "module_a.abs is a function of 0 arguments, but pipeline expects 1 argument: "
    )


@pytest.mark.parametrize(
    "found",
    [
        SYNC_ABS,
        "sync func @other(%a: tensor<?xf32>) -> (%b: tensor<4xf32>)",
        "sync func @abs(%input0: !hal.buffer_view) -> (%output0: tensor<4xf32, #some.encoding<[1, 2]>>)",
        "anything a user wrote",
    ],
)
def test_declarations_that_can_meet(found: str) -> None:
    Context(
        [
            exporter(iree_abi_declaration=found).build(),
            importer(iree_abi_declaration=SYNC_ABS).build(),
        ]
    )


def test_optional_imports_may_be_missing_but_not_wrong() -> None:
    optional = imported("module_a.abs", "0r_r", is_required=False)
    Context([Program(name="pipeline", imports=(optional,)).build()])
    Context([HostModule("module_a", {}), Program(name="pipeline", imports=(optional,)).build()])
    error = failure(exporter(convention="0i_r"), Program(name="pipeline", imports=(optional,)))
    assert isinstance(error, SignatureMismatchError)


def test_long_lists_of_exports_are_cut() -> None:
    host = HostModule("host", {f"function_{index:02}": ("0v_v", lambda: None) for index in range(20)})
    with pytest.raises(UnknownFunctionError) as caught:
        Context([host, importer("host.zzz").build()])
    assert caught.value.message.endswith("function_06, function_07 and 12 more")
