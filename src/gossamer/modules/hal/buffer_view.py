"""`hal.buffer_view.*`: tensors at the edge of programs.

Spec: calling conventions, checks and messages as in `iree/modules/hal` of IREE 3.13.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from gossamer.abi.element_type import are_compatible, element_type_name
from gossamer.abi.hal_functions import HAL
from gossamer.abi.ref_types import BUFFER, BUFFER_VIEW
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.modules.hal.buffer import subspan
from gossamer.modules.hal.state import HalState
from gossamer.modules.native import FunctionTable, string_argument, wrong_ref
from gossamer.vm.link.inline_form import Constants, InlineForm
from gossamer.vm.objects.buffer import Buffer as HostBuffer

functions = FunctionTable(HAL)


_WHOLE_BUFFER = ("{1} == 0", "{2} == {0}.byte_length")
_FITS = (
    "{3} & 255",
    "{4} == 1",
    "{min}({5}, default=0) >= 0",
    "{prod}({5}) * ({3} & 255) <= {2} << 3",
)


def _view_form(conditions: tuple[str, ...]) -> InlineForm:
    return InlineForm(
        "{BufferView}({0}, {5}, {3}, {4})",
        instances={0: Buffer},
        conditions=conditions,
        result_class=BufferView,
        names={"BufferView": BufferView, "min": min, "prod": prod},
        specialize=_specialize_view,
    )


def _specialize_view(constants: Constants) -> InlineForm | None:
    """The form without questions about sizes, where all are known and fit."""
    _, _, length, element_type, encoding_type, groups = constants
    if not isinstance(length, int) or not isinstance(element_type, int) or encoding_type != 1:
        return None
    sizes = [group[0] for group in groups] if isinstance(groups, Sequence) else [None]
    shape = [size for size in sizes if isinstance(size, int) and size >= 0]
    fits = element_type & 255 and prod(shape) * (element_type & 255) <= length << 3
    return _view_form(_WHOLE_BUFFER) if fits and len(shape) == len(sizes) else None


@functions.export("buffer_view.create", inline=_view_form(_WHOLE_BUFFER + _FITS))
def buffer_view_create(
    buffer: object, offset: int, length: int, element_type: int, encoding_type: int, shape: list[int]
) -> BufferView:
    """See part of a buffer as a tensor.

    The inline form is for what fits; the rest is checked here.
    """
    if not isinstance(buffer, Buffer):
        raise wrong_ref(buffer, BUFFER)
    if offset or length != buffer.byte_length:
        buffer = subspan(buffer, offset, length)
    return BufferView.create(buffer, shape, element_type, encoding_type)


@functions.export(
    "buffer_view.assert",
    inline=InlineForm(
        exact={0: BufferView, 1: HostBuffer},
        conditions=("{0}.shape == {4}", "{0}.element_type == {2}", "{0}.encoding_type == {3}"),
    ),
)
def buffer_view_assert(
    view: BufferView, message: HostBuffer, element_type: int, encoding_type: int, shape: list[int]
) -> None:
    """Check that a view is the tensor the program expects."""
    if type(view) is not BufferView:
        raise wrong_ref(view, BUFFER_VIEW)
    if (
        view.element_type != element_type
        or view.encoding_type != encoding_type
        or view.shape != shape
        or type(message) is not HostBuffer
    ):
        _check(view, string_argument(message), element_type, encoding_type, shape)


def _check(view: BufferView, message: str, element_type: int, encoding_type: int, shape: list[int]) -> None:
    if view.encoding_type not in (0, encoding_type):
        raise InvalidArgumentError(
            f"{message} encoding mismatch; expected {encoding_type:08X} but have {view.encoding_type:08X}"
        )
    if not are_compatible(view.element_type, element_type):
        raise InvalidArgumentError(
            f"{message} element type mismatch; "
            f"expected {element_type_name(element_type)} ({element_type:08X}) "
            f"but have {element_type_name(view.element_type)} ({view.element_type:08X})"
        )
    if len(view.shape) != len(shape):
        error = InvalidArgumentError(
            f"{message} shape rank mismatch; expected {_rank(shape)} but have {_rank(view.shape)}"
        )
        raise error.annotate(_shapes(shape, view.shape))
    for index, (expected, actual) in enumerate(zip(shape, view.shape, strict=True)):
        if expected != actual:
            error = InvalidArgumentError(
                f"{message} shape dimension {index} mismatch; expected {expected} but have {actual}"
            )
            raise error.annotate(_shapes(shape, view.shape))


def _rank(shape: list[int]) -> str:
    return str(len(shape)) if shape else "0 (scalar)"


def _shapes(expected: list[int], actual: list[int]) -> str:
    return f"expected shape `{'x'.join(map(str, expected))}`, actual shape `{'x'.join(map(str, actual))}`"


@functions.export(
    "buffer_view.buffer",
    inline=InlineForm("{0}.buffer", exact={0: BufferView}, result_class=Buffer, result_is_exact=False),
)
def buffer_view_buffer(view: BufferView) -> Buffer:
    """Buffer behind a view."""
    if type(view) is not BufferView:
        raise wrong_ref(view, BUFFER_VIEW)
    return view.buffer


@functions.export("buffer_view.element_type", inline=InlineForm("{0}.element_type", exact={0: BufferView}))
def buffer_view_element_type(view: BufferView) -> int:
    """Code of the element type."""
    if type(view) is not BufferView:
        raise wrong_ref(view, BUFFER_VIEW)
    return view.element_type


@functions.export("buffer_view.encoding_type", inline=InlineForm("{0}.encoding_type", exact={0: BufferView}))
def buffer_view_encoding_type(view: BufferView) -> int:
    """Code of the encoding."""
    if type(view) is not BufferView:
        raise wrong_ref(view, BUFFER_VIEW)
    return view.encoding_type


@functions.export("buffer_view.rank", inline=InlineForm("len({0}.shape)", exact={0: BufferView}))
def buffer_view_rank(view: BufferView) -> int:
    """Number of dimensions."""
    if type(view) is not BufferView:
        raise wrong_ref(view, BUFFER_VIEW)
    return len(view.shape)


@functions.export(
    "buffer_view.dim",
    inline=InlineForm(
        "{0}.shape[{1}]", exact={0: BufferView}, conditions=("0 <= {1}", "{1} < len({0}.shape)")
    ),
)
def buffer_view_dim(view: BufferView, index: int) -> int:
    """One dimension; 0 for one that the view does not have.

    Functions ask for the sizes of an argument before they check its rank, and that error names the argument.
    """
    if type(view) is not BufferView:
        raise wrong_ref(view, BUFFER_VIEW)
    return view.shape[index] if 0 <= index < len(view.shape) else 0


@functions.export_with_state("buffer_view.trace")
def buffer_view_trace(state: HalState, key: HostBuffer, views: list[BufferView]) -> None:
    """Show tensors under a name, to people."""
    for view in views:
        if type(view) is not BufferView:
            raise wrong_ref(view, BUFFER_VIEW)
    state.trace(string_argument(key), views)
