"""How values are nested: trees, what a call is given and gives, and the reflection that says so."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.abi.structure import LEAF, CallStructure, Form, Tree, format_structure, parse_structure
from gossamer.errors import InvalidArgumentError

_WEIGHTS = Tree(Form.DICT, (LEAF, LEAF), ("b", "w"))
_STEP = CallStructure(
    (_WEIGHTS, LEAF),
    ("params", "x"),
    Tree(Form.TUPLE, (LEAF, Tree(Form.LIST, (LEAF, Tree(Form.CONSTANT, value=None))))),
    {"scale": Tree(Form.CONSTANT, value=2.0), "bias": LEAF},
)


class Point(NamedTuple):
    x: object
    y: object


trees = st.recursive(
    st.sampled_from([LEAF, Tree(Form.CONSTANT, value=3), Tree(Form.CONSTANT, value=None), Tree(Form.UNUSED)]),
    lambda children: st.one_of(
        st.builds(Tree, st.sampled_from([Form.TUPLE, Form.LIST]), st.lists(children, max_size=3).map(tuple)),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers()), children, max_size=3).map(
            lambda parts: Tree(Form.DICT, tuple(parts.values()), tuple(parts))
        ),
        st.tuples(children, children).map(
            lambda parts: Tree(Form.NAMED_TUPLE, parts, ("x", "y"), name="Point")
        ),
    ),
    max_leaves=8,
)


def test_arguments_come_in_the_order_of_their_leaves() -> None:
    assert _STEP.flatten([{"w": 1, "b": 0}, 2], {"bias": 3}, "m.step") == [0, 1, 2, 3]
    assert _STEP.flatten([], {"x": 2, "params": {"b": 0, "w": 1}, "bias": 3}, "m.step") == [0, 1, 2, 3]


def test_results_are_nested_as_the_model_has_them() -> None:
    assert _STEP.unflatten((1, 2)) == (1, [2, None])
    assert CallStructure((), (), LEAF).unflatten(5) == 5
    point = CallStructure((), (), Tree(Form.NAMED_TUPLE, (LEAF, LEAF), ("x", "y"), name="Point"))
    assert point.unflatten((1, 2)) == Point(1, 2)


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        ([1, 2], {"bias": 3}, "argument params of m.step is a int, expected a dictionary with 'b', 'w'"),
        (
            [{"w": 1}, 2],
            {"bias": 3},
            "argument params of m.step has keys 'b', 'w', and the one given lacks 'b'",
        ),
        ([{"w": 1, "b": 0, "c": 0}, 2], {"bias": 3}, "and the one given has 'c' beside them"),
        ([{"w": 1, "b": 0}, 2, 3], {}, "m.step takes 2 arguments in order, got 3"),
        ([{"w": 1, "b": 0}], {"bias": 3}, "m.step lacks arguments: x"),
        ([{"w": 1, "b": 0}, 2], {"bias": 3, "scale": 1.0}, "argument scale of m.step is 1.0, and the model"),
        ([{"w": 1, "b": 0}, 2], {"bias": 3, "x": 2}, "m.step got argument 'x' twice"),
        ([{"w": 1, "b": 0}, 2], {"bias": 3, "y": 2}, "m.step has no argument 'y'; it takes params, x, scale"),
    ],
)
def test_what_does_not_fit_is_named(arguments: list[Any], keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        _STEP.flatten(arguments, keywords, "m.step")
    assert message in str(caught.value)


def test_a_tuple_of_another_length_is_named_by_its_place() -> None:
    nested = CallStructure((Tree(Form.TUPLE, (LEAF, Tree(Form.LIST, (LEAF, LEAF)))),), ("cache",), LEAF)
    with pytest.raises(
        InvalidArgumentError, match=r"argument cache\[1\] of f has 1 elements, expected a list"
    ):
        nested.flatten([(1, [2])], {}, "f")


@given(trees)
def test_reflection_brings_back_what_it_was_made_of(tree: Tree) -> None:
    structure = CallStructure((tree,), ("x",), tree, {"y": tree})
    assert parse_structure(format_structure(structure)) == structure


@given(trees)
def test_values_come_back_as_they_went_in(tree: Tree) -> None:
    leaves = list(range(tree.leaf_count()))
    value = tree.unflatten(iter(leaves))
    assert list(tree.flatten(value, "x")) == leaves


@given(st.text())
def test_a_reflection_of_anything_is_none(text: str) -> None:
    assert parse_structure(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '{"arguments":[],"keywords":[],"results":{"fields":[["x","*"]],"name":"not a name"}}',
        '{"arguments":[],"keywords":[],"results":{"dict":[[[],"*"]]}}',
        '{"arguments":[],"keywords":[],"results":' + '{"tuple":[' * 5000 + "]}" * 5000 + "}",
    ],
)
def test_broken_reflections_are_none(text: str) -> None:
    assert parse_structure(text) is None


def test_a_structure_is_flat_where_calls_look_the_same() -> None:
    pair = Tree(Form.TUPLE, (LEAF, LEAF))
    assert CallStructure((LEAF, LEAF), ("x", "y"), pair).is_flat
    assert CallStructure((LEAF,), ("x",), LEAF).is_flat
    assert not CallStructure((LEAF,), ("x",), Tree(Form.TUPLE, (LEAF,))).is_flat
    assert not CallStructure((pair,), ("x",), LEAF).is_flat


def test_trees_read_as_python_writes_them() -> None:
    assert _WEIGHTS.format(iter(["tensor<f32>", "i32"])) == "{'b': tensor<f32>, 'w': i32}"
    assert _STEP.results.format(iter("ab")) == "(a, [b, None])"
