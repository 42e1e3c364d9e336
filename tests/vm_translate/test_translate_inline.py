"""Calls of imports with inline forms: the same results as calls, with fewer of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from gossamer.errors import InvalidArgumentError, StatusError
from gossamer.tools.assemble.module import assemble_module
from gossamer.vm.bytecode.executor import Imports
from gossamer.vm.bytecode.state import BytecodeState
from gossamer.vm.interpret.interpreter import Interpreter
from gossamer.vm.link.function import Function
from gossamer.vm.link.inline_form import EventRole, InlineForm
from gossamer.vm.link.module import Export
from gossamer.vm.loading import bytecode_module
from gossamer.vm.objects.ref_types import register_ref_type
from gossamer.vm.translate import Translator


@dataclass
class Box:
    """What the programs of these tests pass around."""

    value: int
    events: list[str] = field(default_factory=list[str])


class Event:
    """Reached once."""

    def __init__(self, log: list[str]) -> None:
        self.is_reached = False
        self.log = log
        log.append("event made")


@dataclass
class Host:
    """A module `host`.

    Attributes:
        log: what was called.
        is_slow: operations are not done at once.
    """

    is_slow: bool = False
    fails: bool = False
    log: list[str] = field(default_factory=list[str])

    def value(self, box: object) -> int:
        self.log.append("value")
        return self._checked(box).value

    def require(self, box: object, least: int, digits: list[int]) -> None:
        self.log.append("require")
        if self._checked(box).value < least or digits != [1, 2]:
            raise InvalidArgumentError(f"less than {least}, or other digits than {digits}")

    def create(self, box: object) -> Event:
        self._checked(box)
        return Event(self.log)

    def work(self, box: object, wait: Event | None, done: Event | None) -> None:
        self._checked(box).value += 1
        assert wait is None or wait.is_reached or self.is_slow
        if done is not None:
            done.is_reached = not self.is_slow and not self.fails

    def work_now(self, box: object, wait: Event | None) -> Event | None:
        done = Event(self.log) if self.is_slow or self.fails else None
        self.work(box, wait, done)
        return done

    def wait(self, event: Event | None) -> int:
        self.log.append("wait")
        if self.fails and event is not None:
            raise InvalidArgumentError("the work failed")
        return 0

    def join(self, events: list[Event | None]) -> Event | None:
        self.log.append("join")
        left = [event for event in events if event is not None]
        return left[-1] if left else None

    def look(self, event: Event | None) -> int:
        return int(event is not None)

    def _checked(self, box: object) -> Box:
        if type(box) is not Box:
            raise InvalidArgumentError(f"{box!r} is no box")
        return box

    def forms(self) -> Mapping[str, InlineForm]:
        return {
            "value": InlineForm("{0}.value", exact={0: Box}),
            "require": InlineForm(
                exact={0: Box}, conditions=("{1} <= 99", "{0}.value >= {1}", "{2} == [1, 2]")
            ),
            "create": InlineForm(None, instances={0: Box}, events=EventRole(is_created=True)),
            "work": InlineForm(
                None, exact={0: Box}, events=EventRole(announced=2, operate=self.work_now, awaited=(1,))
            ),
            "wait": InlineForm("0", nulls=(0,), events=EventRole(awaited=(0,))),
            "join": InlineForm("None", nulls=(0,), events=EventRole(awaited=(0,), is_join=True)),
        }

    def linked(self, body: str) -> tuple[BytecodeState, Imports]:
        """A state of a module with one function `f(box) -> i32`, and its imports."""
        source = f"{HEAD}vm.export @f\nvm.func @f(%r0: !vm.ref<?>) -> (i32) {{\n^bb0:\n{body}\n}}\n"
        state = bytecode_module(assemble_module(source)).create_state()
        imports: list[Function] = []
        for imported in state.module.imports:
            name = imported.full_name.removeprefix("host.")
            export = Export(name, imported.signature.calling_convention)
            function: Callable[..., object] = getattr(self, name)
            imports.append(Function("host", export, function, None, self.forms().get(name)))
        return state, imports


HEAD = """\
vm.module @m version 0
vm.type !test.box
vm.import @host.value cconv "0r_i"
vm.import @host.require cconv "0riCiD_v"
vm.import @host.create cconv "0r_r"
vm.import @host.work cconv "0rrr_v"
vm.import @host.wait cconv "0r_i"
vm.import @host.look cconv "0r_i"
vm.import @host.join cconv "0CrD_r"
"""

register_ref_type("!test.box", Box)


def text_of(translated: Callable[..., object]) -> str:
    loader = translated.__globals__["__loader__"]  # type: ignore[attr-defined]
    return loader.get_source("")


def outcome(host: Host, body: str, *, translate: bool, argument: object) -> object:
    linked = host.linked(body)
    executor = Translator(*linked) if translate else Interpreter(*linked)
    try:
        return executor.bind(0)(argument)
    except StatusError as error:
        return str(error)


VALUE = "%i0 = vm.call @host.value(%r0)\nvm.return %i0"
REQUIRE = """\
%i0 = vm.const.i32 {least}
%i1 = vm.const.i32 1
%i2 = vm.const.i32 2
vm.call.variadic @host.require segments[65535, 65535, 2](%r0, %i0, %i1, %i2)
%i3 = vm.call @host.value(%r0)
vm.return %i3"""


@pytest.mark.parametrize("argument", [Box(7), None, "no box"])
@pytest.mark.parametrize(
    "body", [VALUE, REQUIRE.format(least=5), REQUIRE.format(least=8), REQUIRE.format(least=100)]
)
def test_inline_forms_agree_with_calls(argument: object, body: str) -> None:
    expected = outcome(Host(), body, translate=False, argument=argument)

    assert outcome(Host(), body, translate=True, argument=argument) == expected


def test_the_usual_case_calls_nothing() -> None:
    host = Host()

    assert outcome(host, REQUIRE.format(least=5), translate=True, argument=Box(7)) == 7
    assert host.log == []


def test_nothing_is_checked_twice_and_constants_are_not_checked() -> None:
    text = text_of(Translator(*Host().linked(REQUIRE.format(least=5))).bind(0))

    assert text.count("type(r0)") == 1
    assert "99" not in text


def test_a_condition_that_cannot_hold_leaves_the_call() -> None:
    text = text_of(Translator(*Host().linked(REQUIRE.format(least=100))).bind(0))

    assert re.search(r"^ *import_1\(r0, 100, \[1, 2\]\)$", text, re.MULTILINE)


def test_what_is_known_ends_where_ways_meet() -> None:
    body = """\
%i1 = vm.const.i32 1
%r1 = vm.const.ref.zero
%i0 = vm.cmp.nz.ref %r0
vm.cond_br %i0, ^bb1(), ^bb2()
^bb1:
%i0 = vm.call @host.value(%r0)
vm.br ^bb2()
^bb2:
%i0 = vm.call @host.value(%r0)
vm.return %i0"""
    for argument in (Box(7), None):
        expected = outcome(Host(), body, translate=False, argument=argument)
        assert outcome(Host(), body, translate=True, argument=argument) == expected


WORK = """\
%r1 = vm.const.ref.zero
%r2 = vm.call @host.create(%r0)
vm.call @host.work(%r0, %R1, %r2)
%r3 = vm.call @host.create(%r0)
vm.call @host.work(%r0, %R2, %r3)
%i0 = vm.call @host.wait(%R3)
vm.return %i0"""


def test_events_of_work_that_is_done_at_once_are_not_made() -> None:
    host, box = Host(), Box(0)

    assert outcome(host, WORK, translate=True, argument=box) == 0
    assert box.value == 2
    assert host.log == []


JOINED = """\
%r1 = vm.const.ref.zero
%r2 = vm.call @host.create(%r0)
vm.call @host.work(%r0, %r1, %r2)
%r3 = vm.call @host.create(%r0)
vm.call @host.work(%r0, %r1, %r3)
%r3 = vm.call.variadic @host.join segments[2](%R2, %R3)
"""


@pytest.mark.parametrize("is_slow", [False, True])
def test_events_may_be_joined(is_slow: bool) -> None:
    host = Host(is_slow=is_slow)

    assert (
        outcome(
            host, f"{JOINED}%i0 = vm.call @host.wait(%R3)\nvm.return %i0", translate=True, argument=Box(0)
        )
        == 0
    )
    assert host.log == (["event made", "event made", "join", "wait"] if is_slow else [])


def test_joined_events_that_others_see_are_made() -> None:
    body = f"{JOINED}%i0 = vm.call @host.look(%R3)\nvm.return %i0"

    assert outcome(Host(), body, translate=True, argument=Box(0)) == 1


def test_events_of_slow_work_are_made_and_waited_for() -> None:
    host = Host(is_slow=True)

    assert outcome(host, WORK, translate=True, argument=Box(0)) == 0
    assert host.log == ["event made", "event made", "wait"]


@pytest.mark.parametrize("argument", [Box(0), None])
def test_failures_of_work_are_raised_where_it_is_waited_for(argument: object) -> None:
    one = WORK.replace("%r3 = vm.call @host.create(%r0)\nvm.call @host.work(%r0, %R2, %r3)\n", "").replace(
        "%R3", "%R2"
    )
    outcomes = [outcome(Host(fails=True), one, translate=each, argument=argument) for each in (False, True)]

    assert outcomes[0] == outcomes[1]
    assert ("the work failed" in str(outcomes[1])) == (argument is not None)


ESCAPES = {
    "returned": "%i0 = vm.call @host.look(%R2)\nvm.return %i0",
    "kept": "%i0 = vm.call @host.wait(%r2)\n%i0 = vm.call @host.look(%R2)\nvm.return %i0",
    "later": "vm.br ^bb1()\n^bb1:\n%i0 = vm.call @host.look(%R2)\nvm.return %i0",
    "copied": "vm.br ^bb1(%r2->%r4)\n^bb1:\n%i0 = vm.call @host.look(%r4)\nvm.return %i0",
    "twice": "vm.call @host.work(%r0, %r1, %r2)\n%i0 = vm.call @host.look(%R2)\nvm.return %i0",
}


@pytest.mark.parametrize("name", ESCAPES)
def test_events_that_others_see_are_made(name: str) -> None:
    body = (
        "%r1 = vm.const.ref.zero\n%r2 = vm.call @host.create(%r0)\n"
        f"vm.call @host.work(%r0, %r1, %r2)\n{ESCAPES[name]}"
    )
    host = Host()

    assert outcome(host, body, translate=True, argument=Box(0)) == 1
    assert "event made" in host.log
