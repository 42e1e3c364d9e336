"""Modules of PyTorch, each with examples of its inputs: layers of every kind, and small models."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch._higher_order_ops.while_loop import while_loop

Case = tuple[Any, tuple[Any, ...]]


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *arguments: Any) -> Any:
        return self.function(*arguments)


def randn(*shape: int) -> Any:
    return torch.randn(*shape)


def _layers() -> dict[str, Case]:
    return {
        "linear": (nn.Linear(8, 4), (randn(3, 8),)),
        "convolution": (
            nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, stride=2), nn.BatchNorm2d(8), nn.ReLU()),
            (randn(2, 3, 16, 16),),
        ),
        "grouped, dilated": (nn.Conv1d(8, 8, 3, groups=4, dilation=2), (randn(2, 8, 20),)),
        "three dimensions": (nn.Conv3d(2, 4, 3), (randn(1, 2, 6, 7, 8),)),
        "transposed": (
            nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=1),
            (randn(1, 4, 5, 5),),
        ),
        "depthwise": (nn.Conv2d(6, 6, 3, groups=6, padding=1), (randn(1, 6, 9, 9),)),
        "embedding": (nn.Embedding(20, 8, padding_idx=0), (torch.randint(0, 20, (2, 5)),)),
        "attention": (nn.MultiheadAttention(16, 4, batch_first=True), (randn(2, 5, 16),) * 3),
        "encoder layer": (nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), (randn(2, 5, 16),)),
        "decoder layer": (
            nn.TransformerDecoderLayer(16, 4, 32, batch_first=True),
            (randn(2, 5, 16), randn(2, 7, 16)),
        ),
        "lstm": (nn.LSTM(8, 16, 2, batch_first=True, bidirectional=True), (randn(2, 6, 8),)),
        "gru": (nn.GRU(8, 16, batch_first=True), (randn(2, 6, 8),)),
        "rnn": (nn.RNN(8, 16), (randn(6, 2, 8),)),
        "lstm cell": (nn.LSTMCell(8, 16), (randn(2, 8),)),
        "bfloat16": (
            nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8)).to(torch.bfloat16),
            (randn(3, 8).to(torch.bfloat16),),
        ),
        "float16": (nn.Sequential(nn.Linear(8, 8), nn.GELU()).half(), (randn(3, 8).half(),)),
    }


def _pooling(x: Any) -> Any:
    return (
        *(F.max_pool2d(x, 3, 2, 1), F.avg_pool2d(x, 2), F.max_pool2d(x, 2, ceil_mode=True)),
        *(F.adaptive_avg_pool2d(x, 1), F.adaptive_avg_pool2d(x, (3, 3))),
    )


def _activations(x: Any) -> list[Any]:
    named = "relu gelu silu elu selu softplus hardswish hardsigmoid mish leaky_relu relu6 hardtanh softsign"
    functions = [getattr(F, name) for name in (named + " logsigmoid celu tanhshrink softshrink").split()]
    return [*(function(x) for function in functions), F.gelu(x, approximate="tanh"), F.glu(x, -1)]


def _reductions(x: Any) -> Any:
    return (
        *(x.sum(), x.mean(1), x.std(0), x.var(1, unbiased=False), x.norm(), x.prod(1), x.amax((0, 1))),
        *(x.cumsum(1), x.cumprod(1), (x > 0).any(1), (x > -9).all(), x.logcumsumexp(1), x.abs().max(1)),
        *(x.softmax(1), F.log_softmax(x, 0), torch.logsumexp(x, 1)),
    )


def _views(x: Any) -> Any:
    return (
        *(x.view(2, -1).t(), x.permute(1, 0, 2).contiguous(), x.flip(1), torch.roll(x, 2, 1)),
        *(x.unfold(2, 3, 2), x.repeat(1, 2, 1), x.repeat_interleave(2, 1), torch.cat([x, x], 1)),
        *(torch.stack([x, x]), x.chunk(2, 2), x.split([1, 2], 1)[1], x.unsqueeze(0).expand(3, -1, -1, -1)),
        *(x[:, ::2, 1:], x[..., -1], x.tril(), x.triu(1), torch.diagonal(x[0][:, :3])),
    )


def _pads(x: Any) -> Any:
    return (
        *(F.pad(x, (1, 2)), F.pad(x, (1, 1, 2, 2), mode="reflect"), F.pad(x, (-1, 1), value=3.0)),
        *(F.pad(x, (1, 1, 1, 1), mode=mode) for mode in ("replicate", "circular")),
        F.pad(x, (0, 0, -1, -2)),
    )


def _resizing(x: Any) -> Any:
    return (
        *(F.interpolate(x, scale_factor=2), F.interpolate(x, size=(7, 9), mode="bilinear")),
        *(F.interpolate(x, size=(7, 9), mode="bilinear", align_corners=True), F.pixel_shuffle(x, 2)),
    )


def _masks(x: Any, mask: Any) -> Any:
    return (
        *(torch.where(mask, x, -x), x.masked_fill(mask, -1e9), x.clamp(-0.5, 0.5), torch.nan_to_num(x / 0)),
        *((x / 0).isnan(), torch.isinf(x / 0), torch.isfinite(x / 0), x.sign(), x.floor(), x.round()),
        *(x.trunc(), x.frac(), torch.logical_xor(mask, x > 0)),
    )


def _products(a: Any, b: Any) -> Any:
    return (
        *(torch.einsum("bij,bjk->bik", a, b), torch.einsum("bij,bkj->bik", a, a)),
        *(torch.einsum("bii->bi", a @ a.transpose(1, 2)), torch.bmm(a, b)),
        torch.baddbmm(torch.ones(2, 3, 5), a, b),
    )


def _scatters(x: Any, index: Any, values: Any) -> Any:
    rows = x[index[0]]
    return (
        *(x.gather(1, index), x.scatter(1, index, values), x.scatter_add(1, index, values)),
        *(x.index_select(0, index[0]), x.index_add(0, index[0], rows)),
        torch.index_put(x, (index[0],), torch.ones_like(rows), accumulate=True),
        *(x.scatter_reduce(1, index, values, kind) for kind in ("amax", "prod", "mean")),
    )


def _orders(x: Any) -> Any:
    """Of numbers with NaN, infinities and equal ones among them."""
    return (
        *(
            x.topk(3).values,
            x.topk(2, largest=False).values,
            *x.sort(),
            *x.sort(0, descending=True),
            x.argsort(),
        ),
        *(x.argmax(1), x.argmin(), *x.kthvalue(2), *x.median(1), x.median(), x.nanmedian(), *x.max(1)),
        *(*x.min(0), x.msort(), x.amin(1), torch.argsort(x, stable=True, descending=True)),
    )


def _unordered() -> Any:
    x = randn(4, 9)
    x[0, 3] = x[1, 2] = x[1, 7] = torch.nan
    x[2, 5], x[2, 6] = torch.inf, -torch.inf
    x[3, 4] = x[3, 1] = x[3, 8]
    return x


def _integers(a: Any, b: Any) -> Any:
    return (
        *(a // b, a % b, a & b, a | b, a ^ b, a << 1, a >> 1, ~a, a.float() / b, a**2),
        *(torch.div(a, b, rounding_mode="trunc"), torch.remainder(a, b), torch.fmod(a, b)),
    )


def _transforms(x: Any) -> Any:
    square = x.reshape(2, 4, -1)
    window = torch.hann_window(16)
    return (
        *(torch.fft.rfft(x).abs(), torch.fft.irfft(torch.fft.rfft(x)), torch.fft.fft(x).real),
        *(torch.fft.rfft(x, n=11, norm="ortho").imag, torch.fft.irfft(torch.fft.rfft(x), n=9)),
        *(torch.fft.fft2(square).imag, torch.fft.irfft2(torch.fft.rfft2(square)), torch.fft.ifft(x).real),
        torch.stft(x[0], 16, 4, window=window, return_complex=True).abs(),
    )


def _complex(x: Any) -> Any:
    z = torch.view_as_complex(x)
    return torch.view_as_real(z * z), z.abs(), z.angle(), (z + 1).real, z.conj().imag


def _distances(x: Any) -> Any:
    return (
        *(torch.linalg.norm(x, dim=1), torch.cdist(x, x), torch.cdist(x, x, p=1.0), F.normalize(x)),
        *(F.cosine_similarity(x, x.flip(0)), torch.linalg.det(x[:3, :3]), torch.outer(x[0], x[1])),
        torch.cross(x[:, :3], x[:, :3].flip(0), dim=1),
    )


def _losses(x: Any, target: Any) -> Any:
    return (
        *(F.cross_entropy(x, target), F.mse_loss(x, x * 2), F.l1_loss(x, -x), F.huber_loss(x, -x)),
        *(F.smooth_l1_loss(x, x * 3), F.binary_cross_entropy_with_logits(x, torch.ones_like(x))),
        *(F.nll_loss(x.log_softmax(1), target), F.kl_div(x.log_softmax(1), x.softmax(1), reduction="sum")),
    )


def _counts(x: Any) -> Any:
    edges = torch.tensor([-1.0, 0.0, 1.0])
    return (
        *(torch.bucketize(x, edges), torch.searchsorted(edges, x, right=True), torch.histc(x, 4, -2, 2)),
        *(torch.bincount(torch.tensor([0, 1, 1, 3])), F.one_hot(torch.tensor([0, 2, 1]), 4)),
        torch.nonzero(x > 0),
    )


def _functions() -> dict[str, Case]:
    heads = tuple(randn(2, 4, 6, 8) for _ in range(3))
    return {
        "pooling": (Function(_pooling), (randn(2, 3, 9, 9),)),
        "activations": (Function(_activations), (randn(3, 8) * 3,)),
        "reductions": (Function(_reductions), (randn(4, 6),)),
        "views": (Function(_views), (randn(2, 3, 4),)),
        "pads": (Function(_pads), (randn(1, 2, 5, 6),)),
        "resizing": (Function(_resizing), (randn(1, 4, 5, 6),)),
        "sampling": (
            Function(lambda x, grid: F.grid_sample(x, grid, align_corners=False)),
            (randn(1, 2, 5, 6), torch.rand(1, 4, 4, 2) * 2 - 1),
        ),
        "masks": (Function(_masks), (randn(4, 5), torch.rand(4, 5) > 0.5)),
        "products": (Function(_products), (randn(2, 3, 4), randn(2, 4, 5))),
        "scatters": (Function(_scatters), (randn(4, 6), torch.randint(0, 4, (4, 3)), randn(4, 3))),
        "orders": (Function(_orders), (_unordered(),)),
        "integers": (Function(_integers), (torch.randint(-50, 50, (20,)), torch.randint(1, 9, (20,)))),
        "transforms": (Function(_transforms), (randn(2, 32),)),
        "complex": (Function(_complex), (randn(5, 2),)),
        "distances": (Function(_distances), (randn(4, 5),)),
        "losses": (Function(_losses), (randn(4, 5), torch.randint(0, 5, (4,)))),
        "counts": (Function(_counts), (randn(9),)),
        "causal attention": (
            Function(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True)),
            heads,
        ),
        "masked attention": (
            Function(lambda q, k, v, mask: F.scaled_dot_product_attention(q, k, v, attn_mask=mask)),
            (*heads, torch.rand(6, 6) > 0.3),
        ),
        "fake quantisation": (
            Function(lambda x: torch.fake_quantize_per_tensor_affine(x, 0.1, 3, -128, 127)),
            (randn(3, 16) * 20,),
        ),
        "branch": (
            Function(
                lambda x: torch.cond(x.sum() > 0, lambda x: (x * 2, x + 1), lambda x: (x - 1, -x), (x,))
            ),
            (randn(5),),
        ),
        "loop": (
            Function(lambda n, x: while_loop(lambda n, x: n > 0, lambda n, x: (n - 1, x * 2), (n, x))),
            (torch.tensor(3), randn(4)),
        ),
    }


class Norms(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(8), nn.GroupNorm(2, 4), nn.InstanceNorm1d(4), nn.RMSNorm(8)])

    def forward(self, x: Any) -> Any:
        return [norm(x) for norm in self.norms]


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.around = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(outputs) for _ in range(3)])

    def forward(self, x: Any) -> Any:
        y = self.norms[1](self.second(F.relu(self.norms[0](self.first(x)))))
        return F.relu(y + self.norms[2](self.around(x)))


class TextClassifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(100, 32), nn.Embedding(64, 32)
        self.norm, self.head = nn.LayerNorm(32), nn.Linear(32, 2)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, tokens: Any, is_padding: Any) -> Any:
        x = self.norm(self.tokens(tokens) + self.places(torch.arange(tokens.shape[1])))
        return self.head(self.encoder(x, src_key_padding_mask=is_padding)[:, 0]).softmax(-1)


class CachedAttention(nn.Module):
    """One step of a decoder, whose keys and values so far are buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs, self.outputs = nn.Linear(16, 48), nn.Linear(16, 16)
        self.register_buffer("keys", torch.zeros(1, 4, 8, 4))
        self.register_buffer("values", torch.zeros(1, 4, 8, 4))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Any) -> Any:
        query, key, value = (part.view(1, 1, 4, 4).transpose(1, 2) for part in self.inputs(x).chunk(3, -1))
        is_here = torch.arange(8).view(1, 1, 8, 1) == self.count
        self.keys.copy_(torch.where(is_here, key, self.keys))
        self.values.copy_(torch.where(is_here, value, self.values))
        mask = (torch.arange(8) <= self.count).view(1, 1, 1, 8)
        y = F.scaled_dot_product_attention(query, self.keys, self.values, attn_mask=mask)
        self.count.add_(1)
        return self.outputs(y.transpose(1, 2).reshape(1, 1, 16))


class Rows(nn.Module):
    """A row of a buffer is replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("rows", torch.zeros(8, 4))

    def forward(self, row: Any, place: Any) -> Any:
        self.rows[place] = row
        return self.rows.sum(0)


class Quantised(nn.Module):
    """A product of bytes, summed in 32 bits."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.randint(-127, 127, (8, 16), dtype=torch.int8))
        self.register_buffer("scale", torch.rand(8) / 100)

    def forward(self, x: Any) -> Any:
        scale = x.abs().amax(-1, keepdim=True) / 127
        rounded = torch.clamp(torch.round(x / scale), -128, 127).to(torch.int8)
        sums = rounded.to(torch.int32) @ self.weight.to(torch.int32).t()
        return sums.to(torch.float32) * scale * self.scale, rounded


class Segmentation(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.middle = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.up, self.head = nn.ConvTranspose2d(16, 8, 2, 2), nn.Conv2d(16, 1, 1)

    def forward(self, x: Any) -> Any:
        wide = F.relu(self.down(x))
        small = F.relu(self.middle(F.max_pool2d(wide, 2)))
        return torch.sigmoid(self.head(torch.cat([self.up(small), wide], 1)))


def _models() -> dict[str, Case]:
    stem = (nn.Conv2d(3, 16, 7, 2, 3), nn.MaxPool2d(3, 2, 1))
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
    is_padding = torch.arange(12).expand(2, 12) >= torch.tensor([[12], [9]])
    return {
        "norms": (Norms(), (randn(2, 4, 8),)),
        "residual": (nn.Sequential(*stem, Block(16, 32, 2), Block(32, 32, 1), *head), (randn(2, 3, 64, 64),)),
        "text": (TextClassifier(), (torch.randint(0, 100, (2, 12)), is_padding)),
        "cached attention": (CachedAttention(), (randn(1, 1, 16),)),
        "rows": (Rows(), (randn(1, 4), torch.tensor([3]))),
        "quantised": (Quantised(), (randn(3, 16),)),
        "segmentation": (Segmentation(), (randn(1, 1, 16, 16),)),
    }


def make_cases() -> dict[str, Case]:
    """Every module by name, with weights and inputs that are the same each time."""
    torch.manual_seed(1)
    return {**_layers(), **_functions(), **_models()}
