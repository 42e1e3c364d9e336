"""`torch.compile` with the backend: the results are those of PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from gossamer.integrations.torch_compile import backend  # noqa: E402  # what is missing is said first

pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind}")
    for kind in ("FutureWarning", "DeprecationWarning", "UserWarning")
]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    torch._dynamo.reset()


def test_a_model_gives_what_pytorch_gives() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.GELU(), torch.nn.Linear(16, 4)).eval()
    compiled: Any = torch.compile(model, backend=backend)

    with torch.no_grad():
        for batch in (2, 3, 5):  # PyTorch opens the size at the second
            x = torch.randn(batch, 8)
            torch.testing.assert_close(compiled(x), model(x), rtol=1e-4, atol=1e-5)


def test_graphs_break_and_go_on() -> None:
    def function(x: Any) -> Any:
        y = x.sin() + 1
        torch._dynamo.graph_break()
        return y * 2, None, [y.argmax(), y > 0.5]

    x = torch.randn(6)
    found, nothing, (place, flags) = torch.compile(function, backend=backend)(x)

    assert nothing is None
    torch.testing.assert_close(found, (x.sin() + 1) * 2)
    assert int(place) == int((x.sin() + 1).argmax())
    np.testing.assert_array_equal(flags.numpy(), ((x.sin() + 1) > 0.5).numpy())


def test_buffers_that_change_are_pytorchs() -> None:
    class Counter(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("total", torch.zeros(3))

        def forward(self, x: Any) -> Any:
            self.total.add_(x)
            return self.total * 2

    counter = Counter()
    compiled: Any = torch.compile(counter, backend=backend)
    for call in (1, 2, 3):
        torch.testing.assert_close(compiled(torch.ones(3)), torch.full((3,), 2.0 * call))
    torch.testing.assert_close(counter.total, torch.full((3,), 3.0))


def test_gradients_are_those_of_pytorch() -> None:
    def loss(w: Any, x: Any) -> Any:
        return torch.tanh(x @ w).square().sum()

    w, x = torch.randn(4, 3, requires_grad=True), torch.randn(5, 4)
    loss(w, x).backward()
    expected, w.grad = w.grad, None
    torch.compile(loss, backend=backend)(w, x).backward()

    torch.testing.assert_close(w.grad, expected, rtol=1e-4, atol=1e-5)


def test_it_is_found_by_name() -> None:
    if "gossamer" not in torch._dynamo.list_backends(exclude_tags=()):
        pytest.skip("gossamer is not installed here with its entry points")
    x = torch.randn(4)
    torch.testing.assert_close(torch.compile(lambda x: x * 2, backend="gossamer")(x), x * 2)


def test_the_target_is_an_option() -> None:
    x = torch.randn(4)
    compiled: Any = torch.compile(lambda x: x.exp(), backend=backend, options={"target": "vmvx"})
    torch.testing.assert_close(compiled(x), x.exp())
