"""Element types: narrow and unsigned numbers, truth values, random bits."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
from jax import lax

from jax_functions.case import Case, integers, normal, positive, truths

F16, BF16 = normal(5, 6, dtype=np.float16), normal(5, 6, dtype=ml_dtypes.bfloat16)
U8, I8 = integers(5, 6, low=0, high=256, dtype=np.uint8), integers(5, 6, low=-128, high=128, dtype=np.int8)
KEY = np.array([7, 11], np.uint32)


def _key(bits: jax.Array) -> jax.Array:
    return jax.random.wrap_key_data(bits)


CASES = [
    Case("add_u8", lambda x: x + x, (U8,)),
    Case("div_u8", lambda x: lax.div(x, x | 3), (U8,)),
    Case("max_u8", lambda x: lax.max(x, x[::-1]), (U8,)),
    Case("sum_u8", lambda x: x.sum(dtype=jnp.uint32), (U8,)),
    Case("mean_u8", lambda x: x.mean(), (U8,)),
    Case("dot_u8", lambda x: lax.dot(x, x.T, preferred_element_type=jnp.uint32), (U8,)),
    Case("dot_i8", lambda x: lax.dot(x, x.T, preferred_element_type=jnp.int32), (I8,)),
    Case("convert_u8_to_f32", lambda x: x.astype(jnp.float32) / 255, (U8,)),
    Case("convert_f32_to_u8", lambda x: (x * 255).astype(jnp.uint8), (positive(5, 6),)),
    Case("compare_u32", lambda x: x > 3, (np.array([0, 3, 4, 2**32 - 1], np.uint32),)),
    Case("shift_u32", lambda x: (x >> 3) ^ (x << 2), (np.array([0, 3, 4, 2**32 - 1], np.uint32),)),
    Case("exp_f16", lax.exp, (F16,)),
    Case("softmax_bf16", jax.nn.softmax, (BF16,)),
    Case("dot_f16", lambda x: x @ x.T, (F16,)),
    Case("dot_bf16", lambda x: x @ x.T, (BF16,)),
    Case("sum_bf16", lambda x: x.sum(0), (BF16,), looseness=4),
    Case("max_f16", lambda x: x.max(1), (F16,)),
    Case("logical", lambda x, y: (x & ~y) | (x ^ y), (truths(9), truths(3, 9)[0])),
    Case("any_all", lambda x: (x.any(0), x.all(1)), (truths(4, 9),)),
    Case("count", lambda x: jnp.count_nonzero(x), (truths(4, 9),)),
    Case("quantise", lambda x: jnp.clip(jnp.round(x * 31), -128, 127).astype(jnp.int8), (normal(5, 6),)),
    Case("random_bits", lambda k: jax.random.bits(_key(k), (3, 5)), (KEY,)),
    Case("random_uniform", lambda k: jax.random.uniform(_key(k), (3, 5)), (KEY,)),
    Case("random_normal", lambda k: jax.random.normal(_key(k), (3, 5)), (KEY,)),
    Case("random_split", lambda k: jax.random.key_data(jax.random.split(_key(k), 3)), (KEY,)),
    Case("random_fold_in", lambda k: jax.random.key_data(jax.random.fold_in(_key(k), 3)), (KEY,)),
    Case("random_randint", lambda k: jax.random.randint(_key(k), (7,), 0, 10), (KEY,)),
    Case("random_bernoulli", lambda k: jax.random.bernoulli(_key(k), 0.3, (17,)), (KEY,)),
    Case("random_categorical", lambda k, x: jax.random.categorical(_key(k), x), (KEY, normal(4, 7))),
    Case("random_permutation", lambda k: jax.random.permutation(_key(k), 11), (KEY,)),
    Case("random_gumbel", lambda k: jax.random.gumbel(_key(k), (5,)), (KEY,)),
    Case("random_choice", lambda k, x: jax.random.choice(_key(k), x, (4,)), (KEY, normal(9))),
    Case("random_truncated_normal", lambda k: jax.random.truncated_normal(_key(k), -1, 1, (9,)), (KEY,)),
    Case("random_gamma", lambda k, a: jax.random.gamma(_key(k), a), (KEY, positive(6) + 1), looseness=10),
    Case("random_poisson", lambda k: jax.random.poisson(_key(k), 3.0, (6,)), (KEY,)),
    Case(
        "dropout",
        lambda k, x: jnp.where(jax.random.bernoulli(_key(k), 0.5, x.shape), x * 2, 0),
        (KEY, normal(3, 8)),
    ),
]
