"""Whole programs in JAX, each with examples of its arguments: models, training, search, filters."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Case = tuple[Callable[..., Any], tuple[Any, ...]]
_RANDOM = np.random.default_rng(0)


def normal(*shape: int) -> Any:
    return _RANDOM.standard_normal(shape).astype(np.float32)


def _norm(x: Any) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    return centred * lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5)


def _attend(p: Any, x: Any, mask: Any) -> Any:
    """Self attention of two heads over [..., length, width]."""
    width = x.shape[-1]
    query, key, value = (
        (x @ p[name]).reshape(*x.shape[:-1], 2, width // 2) for name in ("query", "key", "value")
    )
    scores = jnp.einsum("...qhd,...khd->...hqk", query, key) / (width // 2) ** 0.5
    weights = jax.nn.softmax(jnp.where(mask, scores, -1e9))
    return jnp.einsum("...hqk,...khd->...qhd", weights, value).reshape(x.shape) @ p["out"]


def _layer(p: Any, x: Any, mask: Any) -> Any:
    x = x + _attend(p, _norm(x), mask)
    return x + jax.nn.gelu(_norm(x) @ p["up"]) @ p["down"]


def _layer_weights(width: int) -> dict[str, Any]:
    square = {name: normal(width, width) / width**0.5 for name in ("query", "key", "value", "out")}
    return {**square, "up": normal(width, 4 * width) / 4, "down": normal(4 * width, width) / 8}


def transformer(p: Any, tokens: Any) -> Any:
    x = p["tokens"][tokens] + p["places"][: tokens.shape[-1]]
    mask = jnp.tril(jnp.ones((tokens.shape[-1],) * 2, bool))
    for layer in p["layers"]:
        x = _layer(layer, x, mask)
    return _norm(x) @ p["tokens"].T


def greedy_decoding(p: Any, prompt: Any) -> Any:
    """Eight tokens, each from a cache of keys and values that a loop carries."""
    width = p["tokens"].shape[1]
    layer = p["layers"][0]

    def step(carry: Any, place: Any) -> Any:
        token, keys, values = carry
        x = p["tokens"][token] + p["places"][place]
        keys = lax.dynamic_update_slice(keys, (x @ layer["key"])[None], (place, 0))
        values = lax.dynamic_update_slice(values, (x @ layer["value"])[None], (place, 0))
        scores = keys @ (x @ layer["query"]) / width**0.5
        weights = jax.nn.softmax(jnp.where(jnp.arange(8) <= place, scores, -1e9))
        following = ((weights @ values) @ layer["out"] @ p["tokens"].T).argmax()
        return (following, keys, values), following

    empty = jnp.zeros((8, width))
    return lax.scan(step, (prompt, empty, empty), jnp.arange(8))


def train_step(p: Any, x: Any, labels: Any) -> Any:
    """Adam's first step on a small network."""

    def loss(p: Any) -> Any:
        logits = jnp.tanh(x @ p["first"]) @ p["second"]
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean()

    value, gradient = jax.value_and_grad(loss)(p)
    first = jax.tree.map(lambda g: 0.1 * g, gradient)
    second = jax.tree.map(lambda g: 0.001 * g * g, gradient)
    new = jax.tree.map(lambda w, m, v: w - 1e-2 * (m / 0.1) / (jnp.sqrt(v / 0.001) + 1e-8), p, first, second)
    return new, value


def vision_transformer(p: Any, image: Any) -> Any:
    patches = image.reshape(4, 4, 4, 4, 3).transpose(0, 2, 1, 3, 4).reshape(16, 48)
    x = jnp.concatenate([p["class"][None], patches @ p["embed"]]) + p["places"]
    return jax.nn.softmax(_layer(p["layer"], x, True)[0] @ p["head"])


def _conv(x: Any, kernel: Any, stride: int = 1) -> Any:
    return lax.conv_general_dilated(
        x, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def segmentation(p: Any, x: Any) -> Any:
    wide = jax.nn.relu(_conv(x, p["down"]))
    small = jax.nn.relu(
        _conv(lax.reduce_window(wide, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME"), p["middle"])
    )
    up = jax.image.resize(small, (*wide.shape[:3], small.shape[3]), "bilinear")
    return jax.nn.sigmoid(_conv(jnp.concatenate([up, wide], -1), p["head"]))


def convolutional_training(p: Any, x: Any) -> Any:
    def loss(p: Any) -> Any:
        y = jax.nn.relu(_conv(x, p["first"], 2))
        mean, var = y.mean((0, 1, 2)), y.var((0, 1, 2))
        y = (y - mean) * lax.rsqrt(var + 1e-5)
        return (_conv(y, p["second"]).mean((1, 2)) ** 2).sum()

    return jax.grad(loss)(p)


def diffusion_sampling(p: Any, noise: Any) -> Any:
    betas = jnp.linspace(1e-3, 0.2, 10)
    kept = jnp.cumprod(1 - betas)

    def step(index: Any, x: Any) -> Any:
        time = 9 - index
        guess = jnp.tanh(x @ p["in"] + time / 10.0) @ p["out"]
        mean = (x - betas[time] / jnp.sqrt(1 - kept[time]) * guess) / jnp.sqrt(1 - betas[time])
        return mean + 0.1 * jnp.sqrt(betas[time]) * jnp.sin(17.0 * x)

    return lax.fori_loop(0, 10, step, noise)


def mixture_of_experts(p: Any, x: Any) -> Any:
    chances = jax.nn.softmax(x @ p["gate"])
    weights, chosen = lax.top_k(chances, 2)
    weights = weights / weights.sum(-1, keepdims=True)
    outputs = jnp.einsum("td,edh->teh", x, p["experts"])
    return jnp.einsum("tk,tkh->th", weights, jnp.take_along_axis(outputs, chosen[..., None], 1)), chosen


def graph_network(p: Any, nodes: Any, senders: Any, receivers: Any) -> Any:
    for weight in p:
        messages = jax.nn.relu(nodes[senders] @ weight)
        sums = jax.ops.segment_sum(messages, receivers, nodes.shape[0])
        largest = jax.ops.segment_max(messages, receivers, nodes.shape[0])
        nodes = sums + jnp.where(jnp.isfinite(largest), largest, 0)
    return nodes


def beam_search(transitions: Any, start: Any) -> Any:
    def step(carry: Any, _: Any) -> Any:
        scores, last = carry
        candidates = scores[:, None] + transitions[last]
        best, flat = lax.top_k(candidates.reshape(-1), 3)
        parents, tokens = flat // transitions.shape[1], flat % transitions.shape[1]
        return (best, tokens), (parents, tokens)

    return lax.scan(step, (jnp.array([0.0, -1e9, -1e9]), start), None, length=6)


def non_maximum_suppression(boxes: Any, scores: Any) -> Any:
    order = jnp.argsort(-scores)
    boxes = boxes[order]
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    low = jnp.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = jnp.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = jnp.prod(jnp.maximum(high - low, 0), -1)
    overlaps = shared / (area[:, None] + area[None] - shared) > 0.5

    def step(index: Any, kept: Any) -> Any:
        is_later = jnp.arange(kept.shape[0]) > index
        return jnp.where(kept[index] & overlaps[index] & is_later, False, kept)

    kept = lax.fori_loop(0, boxes.shape[0], step, jnp.ones(boxes.shape[0], bool))
    return jnp.where(kept, order, -1)


def kalman_filter(measurements: Any) -> Any:
    move, see = jnp.array([[1.0, 0.1], [0.0, 1.0]]), jnp.array([[1.0, 0.0]])

    def step(carry: Any, measurement: Any) -> Any:
        mean, spread = carry
        mean, spread = move @ mean, move @ spread @ move.T + 0.01 * jnp.eye(2)
        gain = jnp.linalg.solve((see @ spread @ see.T + 0.1).T, see @ spread.T).T
        mean = mean + gain @ (measurement - see @ mean)
        return (mean, (jnp.eye(2) - gain @ see) @ spread), mean

    return lax.scan(step, (jnp.zeros(2), jnp.eye(2)), measurements)


def mel_spectrogram(signal: Any, filters: Any) -> Any:
    places = jnp.arange(0, signal.shape[0] - 64 + 1, 16)[:, None] + jnp.arange(64)
    frames = signal[places] * jnp.hanning(64)
    power = jnp.abs(jnp.fft.rfft(frames)) ** 2
    return jnp.log(power @ filters + 1e-6)


def recurrent(p: Any, inputs: Any) -> Any:
    def step(carry: Any, x: Any) -> Any:
        hidden, cell = carry
        gates = jnp.split(x @ p["input"] + hidden @ p["hidden"], 4)
        keep, add, give = (jax.nn.sigmoid(gate) for gate in gates[:3])
        cell = keep * cell + add * jnp.tanh(gates[3])
        hidden = give * jnp.tanh(cell)
        return (hidden, cell), hidden

    return lax.scan(step, (jnp.zeros(8), jnp.zeros(8)), inputs)


def gaussian_process(x: Any, y: Any, wanted: Any) -> Any:
    def kernel(a: Any, b: Any) -> Any:
        return jnp.exp(-((a[:, None] - b[None]) ** 2))

    factor = jnp.linalg.cholesky(kernel(x, x) + 0.1 * jnp.eye(x.shape[0]))
    solved = jax.scipy.linalg.cho_solve((factor, True), y)
    return kernel(wanted, x) @ solved, 2 * jnp.log(jnp.diagonal(factor)).sum()


def k_means(points: Any, centres: Any) -> Any:
    def step(_: Any, centres: Any) -> Any:
        nearest = ((points[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
        belongs = jax.nn.one_hot(nearest, centres.shape[0])
        return (belongs.T @ points) / jnp.maximum(belongs.sum(0), 1)[:, None]

    return lax.fori_loop(0, 5, step, centres)


def viterbi(start: Any, transitions: Any, emissions: Any) -> Any:
    def forward(scores: Any, emission: Any) -> Any:
        candidates = scores[:, None] + transitions
        return candidates.max(0) + emission, candidates.argmax(0)

    final, pointers = lax.scan(forward, start + emissions[0], emissions[1:])
    last = final.argmax()
    _, path = lax.scan(lambda state, pointer: (pointer[state], pointer[state]), last, pointers, reverse=True)
    return jnp.append(path, last), final.max()


def adaptive_integration(x: Any) -> Any:
    """Steps of Heun's method, halved until the error is small."""

    def slope(x: Any) -> Any:
        return jnp.stack([x[1], -jnp.sin(x[0])])

    def body(carry: Any) -> Any:
        time, step, x = carry
        first = slope(x)
        euler = x + step * first
        heun = x + step / 2 * (first + slope(euler))
        is_good = jnp.abs(heun - euler).max() < 1e-2
        return (
            jnp.where(is_good, time + step, time),
            jnp.where(is_good, step * 1.5, step / 2),
            jnp.where(is_good, heun, x),
        )

    return lax.while_loop(lambda carry: carry[0] < 1.0, body, (0.0, 0.5, x))


def logistic_regression(x: Any, labels: Any) -> Any:
    def loss(w: Any) -> Any:
        return jnp.logaddexp(0, -labels * (x @ w)).mean() + 0.01 * w @ w

    return lax.fori_loop(0, 20, lambda _, w: w - 0.5 * jax.grad(loss)(w), jnp.zeros(x.shape[1]))


def newton(x: Any) -> Any:
    def energy(x: Any) -> Any:
        return (x**4).sum() / 4 + (x @ jnp.roll(x, 1)) / 8 + x.sum()

    def step(x: Any, _: Any) -> Any:
        return x - jnp.linalg.solve(jax.hessian(energy)(x) + jnp.eye(x.shape[0]), jax.grad(energy)(x)), None

    return lax.scan(step, x, None, length=4)[0]


def quantised_product(x: Any, weight: Any, scale: Any) -> Any:
    step = jnp.abs(x).max(-1, keepdims=True) / 127
    rounded = jnp.clip(jnp.round(x / step), -127, 127).astype(jnp.int8)
    sums = lax.dot_general(rounded, weight, (((1,), (0,)), ((), ())), preferred_element_type=jnp.int32)
    return sums * step * scale


def rotary_attention(x: Any, angles: Any) -> Any:
    def rotate(x: Any) -> Any:
        even, odd = x[..., ::2], x[..., 1::2]
        turned = [
            even * jnp.cos(angles) - odd * jnp.sin(angles),
            even * jnp.sin(angles) + odd * jnp.cos(angles),
        ]
        return jnp.stack(turned, -1).reshape(x.shape)

    scores = rotate(x) @ rotate(x).T
    return jax.nn.softmax(jnp.where(jnp.tri(x.shape[0], dtype=bool), scores, -jnp.inf)) @ x


def image_warp(image: Any, turn: Any) -> Any:
    rows, columns = jnp.mgrid[:8, :8] - 3.5
    there = [turn[0] * rows - turn[1] * columns + 3.5, turn[1] * rows + turn[0] * columns + 3.5]
    return jax.scipy.ndimage.map_coordinates(image, there, order=1, mode="nearest")


def optimal_transport(costs: Any) -> Any:
    kernel = jnp.exp(-costs * 2)
    rows, columns = (jnp.ones(size) / size for size in costs.shape)

    def step(_: Any, v: Any) -> Any:
        return columns / (kernel.T @ (rows / (kernel @ v)))

    v = lax.fori_loop(0, 30, step, jnp.ones(costs.shape[1]))
    return (rows / (kernel @ v))[:, None] * kernel * v


def game_of_life(board: Any) -> Any:
    def step(board: Any, _: Any) -> Any:
        shifts = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
        neighbours = sum(jnp.roll(board, shift, (0, 1)) for shift in shifts)
        return ((neighbours == 3) | ((board == 1) & (neighbours == 2))).astype(jnp.int32), neighbours.max()

    return lax.scan(step, board, None, length=5)


def random_dropout(key: Any, x: Any) -> Any:
    keys = jax.random.split(key, 3)
    kept = jax.random.bernoulli(keys[0], 0.7, x.shape)
    noise = jax.random.normal(keys[1], x.shape)
    return jnp.where(kept, x / 0.7, 0) + noise, jax.random.permutation(keys[2], x.shape[0])


def per_example_gradients(p: Any, x: Any) -> Any:
    return jax.vmap(jax.grad(lambda p, x: jnp.sin(x @ p).prod()), (None, 0))(p, x)


def low_rank(matrix: Any) -> Any:
    left, values, right = jnp.linalg.svd(matrix, full_matrices=False)
    return (left[:, :2] * values[:2]) @ right[:2], values


def spectral_clustering(weights: Any) -> Any:
    symmetric = weights + weights.T
    values = jnp.linalg.eigvalsh(jnp.diag(symmetric.sum(0)) - symmetric)
    return values, *jnp.linalg.slogdet(symmetric + 9 * jnp.eye(symmetric.shape[0]))


def _indices(limit: int, *shape: int) -> Any:
    return _RANDOM.integers(0, limit, shape).astype(np.int32)


def _models() -> list[Case]:
    text = {
        "tokens": normal(20, 16),
        "places": normal(12, 16),
        "layers": [_layer_weights(16) for _ in range(2)],
    }
    vision = {
        **{"class": normal(16), "embed": normal(48, 16) / 7, "places": normal(17, 16)},
        **{"layer": _layer_weights(16), "head": normal(16, 5)},
    }
    masks = {"down": normal(3, 3, 1, 8), "middle": normal(3, 3, 8, 16) / 8, "head": normal(1, 1, 24, 1)}
    graph = (normal(9, 6), _indices(9, 14), _indices(8, 14))
    return [
        (transformer, (text, _indices(20, 3, 10))),
        (greedy_decoding, (text, np.int32(3))),
        (vision_transformer, (vision, normal(16, 16, 3))),
        (segmentation, (masks, normal(1, 16, 16, 1))),
        (diffusion_sampling, ({"in": normal(6, 16), "out": normal(16, 6) / 4}, normal(4, 6))),
        (mixture_of_experts, ({"gate": normal(8, 4), "experts": normal(4, 8, 5)}, normal(7, 8))),
        (graph_network, ([normal(6, 6) / 2, normal(6, 6) / 2], *graph)),
        (recurrent, ({"input": normal(5, 32) / 2, "hidden": normal(8, 32) / 3}, normal(10, 5))),
        (rotary_attention, (normal(6, 8), normal(6, 4))),
    ]


def _training() -> list[Case]:
    network = {"first": normal(6, 16), "second": normal(16, 4)}
    convolutions = {"first": normal(3, 3, 3, 4), "second": normal(3, 3, 4, 2)}
    return [
        (train_step, (network, normal(8, 6), _indices(4, 8))),
        (convolutional_training, (convolutions, normal(2, 8, 8, 3))),
        (logistic_regression, (normal(20, 4), np.sign(normal(20)))),
        (newton, (normal(4),)),
        (per_example_gradients, (normal(5, 3), normal(4, 5))),
        (random_dropout, (np.array([0, 42], np.uint32), normal(6, 5))),
        (quantised_product, (normal(3, 16), (_indices(255, 16, 8) - 127).astype(np.int8), abs(normal(8)))),
    ]


def _algorithms() -> list[Case]:
    boxes = np.abs(normal(12, 4)) * 3
    boxes[:, 2:] += boxes[:, :2] + 1
    points = np.linspace(0, 4, 9, dtype=np.float32)
    return [
        (beam_search, (normal(7, 7), np.array([2, 0, 0], np.int32))),
        (non_maximum_suppression, (boxes, normal(12))),
        (kalman_filter, (normal(12, 1),)),
        (mel_spectrogram, (normal(400), np.abs(normal(33, 10)))),
        (gaussian_process, (points, np.sin(points), points[:4] + 0.3)),
        (k_means, (normal(30, 2), normal(3, 2))),
        (viterbi, (normal(5), normal(5, 5), normal(9, 5))),
        (adaptive_integration, (np.array([1.0, 0.0], np.float32),)),
        (image_warp, (normal(8, 8), np.array([0.8, 0.6], np.float32))),
        (optimal_transport, (np.abs(normal(6, 7)),)),
        (game_of_life, (_indices(2, 8, 8),)),
        (low_rank, (normal(6, 5),)),
        (spectral_clustering, (np.abs(normal(6, 6)),)),
    ]


def make_cases() -> dict[str, Case]:
    """Every program with arguments, by its name."""
    cases = [*_models(), *_training(), *_algorithms()]
    return {function.__name__.replace("_", " "): (function, arguments) for function, arguments in cases}
