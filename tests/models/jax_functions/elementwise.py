"""Operations on each element."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from jax_functions.case import Case, complex_numbers, integers, normal, positive, truths

X, Y = normal(4, 7), normal(3, 4, 7)[0]
P, Q = positive(4, 7), positive(3, 4, 7)[0]
M, N = integers(4, 7), integers(3, 4, 7, low=1)[0]
C, D = complex_numbers(4, 7), complex_numbers(3, 4, 7)[0]

_ANYWHERE = (
    *("abs", "cbrt", "ceil", "cos", "erf", "erfc", "exp", "exp2", "expm1", "floor", "is_finite", "logistic"),
    *("neg", "round", "sign", "sin", "sinh", "cosh", "square", "tan", "tanh", "asinh", "atan"),
)
_POSITIVE = (
    *("acos", "asin", "atanh", "bessel_i0e", "bessel_i1e", "digamma", "erf_inv", "lgamma", "log", "log1p"),
    *("rsqrt", "sqrt", "reciprocal"),
)
_OF_TWO = ("add", "sub", "mul", "div", "max", "min", "atan2", "nextafter", "rem")
_OF_INTEGERS = ("add", "sub", "mul", "div", "max", "min", "rem", "bitwise_and", "bitwise_or", "bitwise_xor")
_SHIFTS = ("shift_left", "shift_right_arithmetic", "shift_right_logical")
_COMPLEX = ("abs", "conj", "cos", "exp", "imag", "log", "neg", "real", "rsqrt", "sin", "sqrt", "tanh", "sign")
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")

CASES = [
    *(Case(name, getattr(lax, name), (X,)) for name in _ANYWHERE),
    *(Case(name, getattr(lax, name), (P,)) for name in _POSITIVE),
    *(Case(name, getattr(lax, name), (X, Y)) for name in _OF_TWO),
    *(Case(f"{name}_i32", getattr(lax, name), (M, N)) for name in _OF_INTEGERS),
    *(Case(f"{name}_i32", getattr(lax, name), (M, np.abs(N))) for name in _SHIFTS),
    *(Case(f"{name}_c64", getattr(lax, name), (C,)) for name in _COMPLEX),
    *(Case(f"{name}_c64", getattr(lax, name), (C, D)) for name in ("add", "sub", "mul", "div")),
    *(Case(name, getattr(lax, name), (X.round(), Y.round())) for name in _COMPARISONS),
    Case("acosh", lax.acosh, (P + 1,)),
    Case("pow", lax.pow, (P, Y)),
    Case("pow_c64", lax.pow, (C, D), looseness=10),
    Case("integer_pow", lambda x: lax.integer_pow(x, 5), (X,), looseness=10),
    Case("integer_pow_negative", lambda x: lax.integer_pow(x, -2), (P,)),
    Case("complex", lax.complex, (X, Y)),
    Case("clamp", lambda x: lax.clamp(-0.5, x, 0.5), (X,)),
    Case("clz", lax.clz, (M,)),
    Case("population_count", lax.population_count, (M,)),
    Case("bitwise_not", lax.bitwise_not, (M,)),
    Case("igamma", lax.igamma, (P, Q), looseness=10),
    Case("igammac", lax.igammac, (P, Q), looseness=10),
    Case("betainc", lax.betainc, (P, Q, positive(4, 7)), looseness=10),
    Case("polygamma", lambda x: lax.polygamma(jnp.float32(1), x), (P,), looseness=10),
    Case("zeta", lambda x: lax.zeta(x + 2, x), (P,), looseness=10),
    Case("random_gamma_grad", lax.random_gamma_grad, (P + 1, Q), looseness=100),
    Case("select", lax.select, (truths(4, 7), X, Y)),
    Case(
        "select_n_of_three", lambda w, x: lax.select_n(w, x, x * 2, x * 3), (integers(4, 7, low=0, high=3), X)
    ),
    Case("reduce_precision", lambda x: lax.reduce_precision(x, 5, 10), (X,)),
    Case("bitcast_convert", lambda x: lax.bitcast_convert_type(x, jnp.int32), (X,)),
    Case("bitcast_narrower", lambda x: lax.bitcast_convert_type(x, jnp.int8), (X,)),
    Case("convert_to_f16", lambda x: lax.convert_element_type(x, jnp.float16), (X,)),
    Case("convert_to_bf16", lambda x: lax.convert_element_type(x, jnp.bfloat16), (X,)),
    Case("convert_to_i8", lambda x: lax.convert_element_type(x * 20, jnp.int8), (X,)),
    Case("convert_to_bool", lambda x: lax.convert_element_type(x, jnp.bool_), (M,)),
    Case("gelu", jax.nn.gelu, (X,)),
    Case("gelu_exact", lambda x: jax.nn.gelu(x, approximate=False), (X,)),
    Case("softplus", jax.nn.softplus, (X,)),
    Case("logaddexp", jnp.logaddexp, (X, Y)),
    Case("sinc", jnp.sinc, (X,)),
    Case("where_nan", lambda x: jnp.nan_to_num(jnp.log(x)), (X,)),
    Case("floor_divide", jnp.floor_divide, (M, N)),
    Case("mod", jnp.mod, (X, Y), looseness=10),
    Case("divmod_i32", jnp.divmod, (M, N)),
    Case("hypot", jnp.hypot, (X, Y)),
    Case("isclose", jnp.isclose, (X, X + 1e-7)),
    Case("frexp", jnp.frexp, (X,)),
]
