"""Refs of Python modules: types of their own with a name, bytes and texts, lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import pytest

import gossamer
from gossamer.errors import FormatError, InvalidArgumentError
from gossamer.vm.link.link_errors import SignatureMismatchError
from gossamer.vm.objects.list import List


class Note:
    def __init__(self, text: str) -> None:
        self.text = text


NoteRef = Annotated[Note, "!notes.note"]


@gossamer.module("notes")
class Notes:
    @gossamer.export
    def write(self, text: Annotated[str, "!util.buffer"]) -> NoteRef:
        return Note(text)

    @gossamer.export
    def read(self, note: Annotated[Note | None, "!notes.note"]) -> Annotated[bytes, "!util.buffer"]:
        return b"nothing" if note is None else note.text.encode()

    @gossamer.export
    def length(self, note: NoteRef) -> int:
        return len(note.text)

    @gossamer.export
    def join(self, notes: Annotated[object, "!util.list<!notes.note>"]) -> NoteRef:
        assert isinstance(notes, List)
        return Note("+".join(note.text for note in notes if isinstance(note, Note)))

    @gossamer.export
    def wrong(self) -> NoteRef:
        return "text"  # type: ignore[return-value]


PROGRAM = gossamer.compile_text("""
module @program {
  util.global private mutable @last : !notes.note
  func.func private @notes.write(!util.buffer) -> !notes.note
  func.func private @notes.read(!notes.note) -> !util.buffer
  func.func private @notes.length(!notes.note) -> index
  func.func private @notes.join(!util.list<!notes.note>) -> !notes.note
  func.func private @notes.wrong() -> !notes.note
  func.func @keep(%text: !util.buffer) -> index {
    %0 = call @notes.write(%text) : (!util.buffer) -> !notes.note
    util.global.store %0, @last : !notes.note
    %1 = call @notes.length(%0) : (!notes.note) -> index
    return %1 : index
  }
  func.func @kept() -> !util.buffer {
    %0 = util.global.load @last : !notes.note
    %1 = call @notes.read(%0) : (!notes.note) -> !util.buffer
    return %1 : !util.buffer
  }
  func.func @twice(%note: !notes.note, %longer: i1) -> (!notes.note, i1) {
    %notes = util.list.construct [%note : !notes.note, %note : !notes.note] : !util.list<!notes.note>
    %0 = scf.if %longer -> !notes.note {
      %joined = func.call @notes.join(%notes) : (!util.list<!notes.note>) -> !notes.note
      scf.yield %joined : !notes.note
    } else {
      scf.yield %note : !notes.note
    }
    %same = util.cmp.eq %0, %note : !notes.note
    return %0, %same : !notes.note, i1
  }
  func.func @wrong() {
    %0 = call @notes.wrong() : () -> !notes.note
    return
  }
}""")


def test_a_type_of_a_module_goes_through_a_program_and_its_state() -> None:
    pipeline = gossamer.Pipeline([Notes, PROGRAM])

    assert bytes(pipeline.kept()) == b"nothing"
    assert pipeline.keep("grün") == 4
    assert bytes(pipeline.kept()).decode() == "grün"


def test_objects_are_passed_as_they_are() -> None:
    pipeline = gossamer.Pipeline([Notes, PROGRAM])
    note = Note("ab")

    joined, is_same = pipeline.twice(note, True)
    same, is_that = pipeline.twice(note, False)

    assert (joined.text, is_same) == ("ab+ab", 0)
    assert same is note
    assert is_that == 1


def test_a_fork_shares_objects_but_not_state() -> None:
    pipeline = gossamer.Pipeline([Notes, PROGRAM])
    pipeline.keep("one")

    fork = pipeline.fork()
    fork.keep("two")

    assert bytes(pipeline.kept()) == b"one"
    assert bytes(fork.kept()) == b"two"


def test_an_object_of_another_class_is_an_error_of_the_call() -> None:
    pipeline = gossamer.Pipeline([Notes, PROGRAM])

    with pytest.raises(InvalidArgumentError, match=r"expected !notes\.note \(Note\), found str"):
        pipeline.wrong()


@gossamer.module("notes")
class OtherNotes:
    write, read, join, wrong = Notes.write, Notes.read, Notes.join, Notes.wrong

    @gossamer.export
    def length(self, note: Annotated[list[int], "!notes.chord"]) -> int:
        return len(note)


def test_linking_compares_types_of_refs() -> None:
    with pytest.raises(SignatureMismatchError) as raised:
        gossamer.Pipeline([OtherNotes, PROGRAM])

    error = raised.value
    assert (error.position, error.expected, error.found) == ("argument 0", "!notes.note", "!notes.chord")


def test_a_type_that_no_module_declares_is_named() -> None:
    program = gossamer.compile_text("""
      func.func private @nobody.make() -> !nobody.thing
      func.func @main() -> !nobody.thing {
        %0 = call @nobody.make() : () -> !nobody.thing
        return %0 : !nobody.thing
      }""")

    with pytest.raises(
        FormatError, match=r"'!nobody.thing' is not registered: load the module that declares it"
    ):
        gossamer.Pipeline([program])


def _module_of(annotation: object) -> Callable[[], type]:
    def make() -> type:
        def method(self: object, value: object) -> None: ...

        method.__annotations__["value"] = annotation
        return gossamer.module("wrong")(type("Wrong", (), {"method": gossamer.export(method)}))

    return make


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (Annotated[int, "!hal.buffer"], "objects of !hal.buffer are not of class int; annotate 'object'"),
        (Annotated[object, "!vm.nothing"], "type '!vm.nothing' is not registered"),
    ],
)
def test_annotations_of_types_that_are_not_a_modules_own(annotation: object, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        _module_of(annotation)()
