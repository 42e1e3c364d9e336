"""Values as text: forms accepted, text printed, comparisons and their messages."""

import numpy as np
import pytest

import gossamer.modules.hal.module  # noqa: F401 - names the types of HAL objects
from gossamer.errors import InvalidArgumentError, OutOfRangeError, StatusError, UnimplementedError
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.runtime.text_io.numbers import format_float, parse_float, parse_integer
from gossamer.runtime.text_io.results import Equality, compare_results, write_outputs
from gossamer.runtime.text_io.tensors import format_tensor, parse_shape_and_element_type, parse_tensor
from gossamer.runtime.text_io.variants import Variant, VariantParser, format_variants, parse_scalar

APPROXIMATE = Equality(False, {"f16": 1e-3, "f32": 1e-4, "f64": 1e-4, "bf16": 1e-2}, 1e-5)


def parse_all(kinds: str, *specs: str) -> list[Variant]:
    with VariantParser(HeapAllocator()) as parser:
        return parser.parse(kinds, specs)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2x2xf32=1,2,3,4", "2x2xf32=[1 2][3 4]"),
        ("2x3xf32=[[1 2 3][4 5 6]]", "2x3xf32=[1 2 3][4 5 6]"),
        ("2x3x2xi32=1 2 3 4 5 6 7 8 9 10 11 12", "2x3x2xi32=[[1 2][3 4][5 6]][[7 8][9 10][11 12]]"),
        ("4xi1=00 01 01 00", "4xi1=00 01 01 00"),
        ("f32=3.5", "f32=3.5"),
        ("2x2xi8=1 -2 3 255", "2x2xi8=[1 -2][3 -1]"),
        ("2xbf16=1,nan", "2xbf16=1 NAN"),
        ("2xf64=1e300,inf", "2xf64=1E+300 INF"),
        ("1x1xf32=-nan", "1x1xf32=[-NAN]"),
        ("1x1xf32=0x1p3", "1x1xf32=[8]"),
        ("2x0xf32", "2x0xf32=[][]"),
        ("2xf32", "2xf32=0 0"),
        ('"2xf32=1"', "2xf32=1 1"),
        ("1xcf64=0000803F00000040", "1xcf64=0000803F00000040"),
        ("2xcomplex<f32>=1+2j (1, -inf)", "2xcf64=0000803F00000040 0000803F000080FF"),
        ("2xcomplex<f64>=0.5i", "2xcf128=0000000000000000000000000000E03F 0000000000000000000000000000E03F"),
        ("2xf16=65504,70000", "2xf16=65504 INF"),
        ("2xui8=0xFF,010", "2xui8=255 8"),
    ],
)
def test_a_tensor_prints_as_the_reference_prints_it(text: str, printed: str) -> None:
    assert format_tensor(parse_tensor(text, HeapAllocator()), 1024) == printed


def test_elements_past_the_limit_are_elided() -> None:
    view = parse_tensor("3x4xf32=1", HeapAllocator())

    assert format_tensor(view, 6) == "3x4xf32=[1 1 1 1][1 1...][...]"


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("2x2xf32=1,2,3", OutOfRangeError, "underflow: dst_i=3 < element_capacity=4"),
        ("2x2xf32=1,2,3,4,5", OutOfRangeError, "overflow: element_capacity=4"),
        ("2x2xq32=1", InvalidArgumentError, "unhandled element type prefix in 'q32'"),
        ("2x2", InvalidArgumentError, "unhandled element type prefix in '2'"),
        ("-2x2xf32=1", InvalidArgumentError, "shape[0] invalid value '-2' of '-2x2'"),
        ("axf32=1", InvalidArgumentError, "shape[0] invalid value 'a' of 'a'"),
        ("1xf32=abc", InvalidArgumentError, "parsing value `abc` as f32"),
        ("1xi8=256", InvalidArgumentError, "out of range of i8"),
        ("1xsi8=128", InvalidArgumentError, "out of range of si8"),
        ("1xcf32=00", InvalidArgumentError, "binary hex element count mismatch"),
        ("1xi1=zz", InvalidArgumentError, "not hexadecimal"),
        ("99999999999x99999xf32=1", StatusError, "does not fit in memory"),
    ],
)
def test_a_bad_tensor_says_what_is_wrong(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        parse_tensor(text, HeapAllocator())

    assert message in str(raised.value)


def test_shape_and_type() -> None:
    assert parse_shape_and_element_type("2x3xbf16=5") == ([2, 3], 0x22000010)
    assert parse_shape_and_element_type("i1") == ([], 0x13000008)


@pytest.mark.parametrize(
    ("text", "value"), [("7", 7), ("0x10", 16), ("010", 8), ("1.5", 1), ("-0x10", -16), ("1e3", 1)]
)
def test_integers_read_the_longest_prefix(text: str, value: int) -> None:
    assert parse_integer(text, "i32") == value


def test_numbers_that_are_none() -> None:
    for text in ("", "x", "--1"):
        with pytest.raises(InvalidArgumentError):
            parse_integer(text, "i32")
        with pytest.raises(InvalidArgumentError):
            parse_float(text, "f32")


def test_scalars_keep_their_bits() -> None:
    assert parse_scalar("0xFFFFFFFF", "i") == -1
    assert parse_scalar("4294967295", "i") == -1
    assert parse_scalar("0xFFFFFFFFFFFFFFFF", "I") == -1
    assert parse_scalar("255", "i", "i8") == 255
    assert parse_scalar("255", "i", "ui8") == 255
    assert parse_scalar("0.1", "f") == float(np.float32(0.1))


@pytest.mark.parametrize(
    ("text", "kind", "type_name"),
    [
        ("99999999999", "i", None),
        ("-2147483649", "i", "i32"),
        ("9223372036854775808", "I", None),
        ("-9223372036854775809", "I", "i64"),
        ("300", "i", "i8"),
        ("-129", "i", "i8"),
        ("128", "i", "si8"),
        ("-1", "i", "ui8"),
        ("70000", "i", "i16"),
        ("2", "i", "i1"),
    ],
)
def test_scalars_that_their_type_does_not_hold(text: str, kind: str, type_name: str | None) -> None:
    with pytest.raises(InvalidArgumentError, match="out of range"):
        parse_scalar(text, kind, type_name)


@pytest.mark.parametrize(
    "text",
    ["1xi64=9223372036854775808", "1xi64=-9223372036854775809", "xi32=4294967296", "xui8=-1", "2xi8=1,256"],
)
def test_elements_that_their_type_does_not_hold(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="out of range"):
        parse_tensor(text, HeapAllocator())


def test_floats_print_six_digits() -> None:
    assert [format_float(value) for value in (1e10, 0.1, -0.0, 1e-7)] == ["1E+10", "0.1", "-0", "1E-07"]


def test_scalars_null_and_storage_as_results() -> None:
    variants = parse_all("iIfFrrr", "7", "-3", "1.5", "2.5", "(null)", "&4xf32", "f32=1")

    assert format_variants("result", variants, 1024) == (
        "result[0]: i32=7\nresult[1]: i64=-3\nresult[2]: f32=1.5\nresult[3]: f64=2.5\n"
        "result[4]: (null)\nresult[5]: hal.buffer\n(no printer)\nresult[6]: hal.buffer_view\nf32=1\n"
    )


def test_null_of_a_scalar_is_zero() -> None:
    assert [variant.value for variant in parse_all("if", "(null)", "(ignored)")] == [0, 0.0]


def test_errors_name_the_value() -> None:
    with pytest.raises(InvalidArgumentError, match="parsing value `abc` as f32; parsing input `abc`"):
        parse_all("f", "abc")
    with pytest.raises(InvalidArgumentError, match="function expected fewer input values"):
        parse_all("f", "1", "2")
    with pytest.raises(InvalidArgumentError, match="no value specified"):
        parse_all("f", " ")
    with pytest.raises(InvalidArgumentError, match="requires at least a shape/type"):
        parse_all("r", "22")


def test_files_are_read_one_array_after_another(tmp_path) -> None:
    path = tmp_path / "arrays.npy"
    with open(path, "wb") as file:
        for value in (1, 2, 3):
            np.save(file, np.full((2,), value, np.float32))

    first, second, *rest = parse_all("rrrr", f"@{path}", f"+{path}", f"*{path}", f"@{path}")

    values = [variant.value.to_numpy().tolist() for variant in (first, second, *rest)]
    assert values == [[1, 1], [2, 2], [3, 3], [1, 1]]


def test_raw_bytes_go_on_where_the_last_read_ended(tmp_path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(np.arange(4, dtype=np.int32).tobytes())

    variants = parse_all("rr", f"2xi32=@{path}", f"2xi32=+{path}")

    assert [variant.value.to_numpy().tolist() for variant in variants] == [[0, 1], [2, 3]]
    with pytest.raises(OutOfRangeError, match="8 bytes left where 4xi32 needs 16"):
        parse_all("rr", f"2xi32=@{path}", f"4xi32=+{path}")


def test_files_that_are_none(tmp_path) -> None:
    with pytest.raises(StatusError, match=r"unable to open file `missing\.npy`"):
        parse_all("r", "@missing.npy")
    (tmp_path / "x.bin").write_bytes(b"1")
    with pytest.raises(UnimplementedError, match=r"only numpy \(.npy\)"):
        parse_all("r", f"@{tmp_path}/x.bin")
    (tmp_path / "x.npy").write_bytes(b"junk")
    with pytest.raises(InvalidArgumentError, match="holds no NumPy array"):
        parse_all("r", f"@{tmp_path}/x.npy")


def test_outputs_go_where_they_are_sent(tmp_path) -> None:
    variants = parse_all("rir", "2x2xf32=1", "7", "1xi8=5")
    array, raw = tmp_path / "o.npy", tmp_path / "o.bin"

    text = write_outputs(variants, ["-", f"@{array}", f"@{raw}"], 1024)

    assert text == "hal.buffer_view\n2x2xf32=[1 1][1 1]\n"
    assert np.load(array).shape == ()
    assert raw.read_bytes() == b"\x05"
    with pytest.raises(OutOfRangeError, match="1 outputs specified"):
        write_outputs(variants, [""], 1024)


def compare(expected: str, actual: str, equality: Equality = APPROXIMATE) -> str:
    return compare_results(parse_all("r", expected), parse_all("r", actual), equality)


def test_comparison_within_tolerance() -> None:
    assert compare("2xf32=1,nan", "2xf32=1.00001,nan") == ""
    assert compare("2xf32=inf,-inf", "2xf32=inf,-inf") == ""
    assert compare("2xi32=1,2", "2xi32=1,2") == ""


def test_comparison_messages() -> None:
    assert compare("2x2xf32=1.1", "2x2xf32=1") == (
        "[FAILED] result[0]: element at index 0 (1) does not match the expected (1.1); expected that the view"
        " is equal to contents of a view of 2x2xf32\n"
        "  expected:\n2x2xf32=[1.1 1.1][1.1 1.1]\n  actual:\n2x2xf32=[1 1][1 1]\n"
    )
    assert compare("2x2xi32=1", "2x2xf32=1").startswith(
        "[FAILED] result[0]: metadata is 2x2xf32; expected that the view matches 2x2xi32; expected that"
    )
    assert compare("1xf32=inf", "1xf32=1").startswith("[FAILED] result[0]: element at index 0 (1)")
    assert compare("1xf32=1", "1xf32=1.00001", Equality(True, {}, 0)) != ""


def test_scalars_compare_by_value() -> None:
    assert compare_results(parse_all("i", "7"), parse_all("i", "7"), APPROXIMATE) == ""
    assert compare_results(parse_all("i", "7"), parse_all("i", "8"), APPROXIMATE) == (
        "[FAILED] result[0]: i32 values differ\n  expected: 7\n  actual: 8\n"
    )
    assert compare_results([None], parse_all("i", "8"), APPROXIMATE) == ""
    assert compare_results([], parse_all("i", "8"), APPROXIMATE).startswith(
        "[FAILED] expected 0 list elements"
    )
