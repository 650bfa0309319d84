"""The workloads in JAX, as a good engineer writes them: jitted, with donated state."""

import jax
import jax.numpy as jnp
import numpy as np
from data import VOCABULARY
from jax import lax

KEYS = iter(jax.random.split(jax.random.key(0), 1000))


def _dense(i, o):
    scale = np.sqrt(6 / (i + o))
    w = jax.random.uniform(next(KEYS), (i, o), minval=-scale, maxval=scale)
    return {"w": w, "b": jnp.zeros(o)}


def _apply(p, x):
    return x @ p["w"] + p["b"]


def _kernel(*shape):
    scale = np.sqrt(2 / np.prod(shape[:-1]))
    return jax.random.normal(next(KEYS), shape) * scale


def _conv(x, w, strides=1, padding="SAME"):
    names = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(
        x, w, (strides, strides), padding, dimension_numbers=names
    )


def _pool(x):
    window = (1, 2, 2, 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")


def _norm(p, x):
    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(var + 1e-3) * p["g"] + p["b"]


def _mlp_small():
    params = [_dense(10, 32), _dense(32, 1)]

    def run(p, state, x, key):
        return _apply(p[1], jax.nn.relu(_apply(p[0], x))), state

    return params, {}, run


def _mlp():
    params = [_dense(784, 512), _dense(512, 512), _dense(512, 10)]

    def run(p, state, x, key):
        for i in range(2):
            x = jax.nn.relu(_apply(p[i], x))
            if key is not None:
                keep = jax.random.bernoulli(jax.random.fold_in(key, i), 0.8, x.shape)
                x = jnp.where(keep, x / 0.8, 0)
        return _apply(p[2], x), state

    return params, {}, run


def _cnn():
    params = [_kernel(3, 3, 1, 32), _kernel(3, 3, 32, 64), _dense(1600, 10)]
    params += [jnp.zeros(32), jnp.zeros(64)]

    def run(p, state, x, key):
        for w, b in ((p[0], p[3]), (p[1], p[4])):
            x = _pool(jax.nn.relu(_conv(x, w, padding="VALID") + b))
        return _apply(p[2], x.reshape(len(x), -1)), state

    return params, {}, run


def _lstm():
    params = {
        "e": jax.random.uniform(next(KEYS), (VOCABULARY, 64)) * 0.1 - 0.05,
        "x": _dense(64, 256),
        "h": _dense(64, 256)["w"],
        "out": _dense(64, 1),
    }

    def run(p, state, x, key):
        gates = _apply(p["x"], p["e"][x]).swapaxes(0, 1)

        def step(carry, g):
            h, c = carry
            i, f, n, o = jnp.split(g + h @ p["h"], 4, -1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(n)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zeros = jnp.zeros((x.shape[0], 64))
        (h, _), _ = lax.scan(step, (zeros, zeros), gates)
        return _apply(p["out"], h), state

    return params, {}, run


def _transformer():
    def norm():
        return {"g": jnp.ones(64), "b": jnp.zeros(64)}

    def block():
        return {
            "n1": norm(), "n2": norm(), "qkv": _dense(64, 192), "out": _dense(64, 64),
            "up": _dense(64, 128), "down": _dense(128, 64),
        }  # fmt: skip

    params = {
        "e": jax.random.uniform(next(KEYS), (VOCABULARY, 64)) * 0.1 - 0.05,
        "blocks": [block(), block()],
        "n": norm(),
        "out": _dense(64, 2),
    }

    def run(p, state, x, key):
        h = p["e"][x]
        for b in p["blocks"]:
            qkv = _apply(b["qkv"], _norm(b["n1"], h)).reshape(*h.shape[:2], 3, 4, 16)
            q, k, v = qkv[:, :, 0], qkv[:, :, 1], qkv[:, :, 2]
            a = jax.nn.dot_product_attention(q, k, v)
            h = h + _apply(b["out"], a.reshape(h.shape))
            inner = jax.nn.relu(_apply(b["up"], _norm(b["n2"], h)))
            h = h + _apply(b["down"], inner)
        return _apply(p["out"], _norm(p["n"], h).mean(1)), state

    return params, {}, run


def _resnet():
    plan = [(3, 16, 3, 1)]
    before = 16
    for filters in (16, 32, 64):
        for block in range(3):
            strides = 2 if filters > 16 and block == 0 else 1
            plan += [(before, filters, 3, strides), (filters, filters, 3, 1)]
            if strides > 1:
                plan.append((before, filters, 1, strides))
            before = filters
    convs = [
        {"w": _kernel(s, s, i, o), "g": jnp.ones(o), "b": jnp.zeros(o)}
        for i, o, s, _ in plan
    ]
    state = [{"m": jnp.zeros(o), "v": jnp.ones(o)} for _, o, _, _ in plan]

    def run(p, state, x, key):
        new = []

        def conv(n, x):
            c, s = p[0][n], state[n]
            x = _conv(x, c["w"], plan[n][3])
            if key is None:
                mean, var = s["m"], s["v"]
            else:
                mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
                s = {"m": 0.99 * s["m"] + 0.01 * mean, "v": 0.99 * s["v"] + 0.01 * var}
            new.append(s)
            return (x - mean) * lax.rsqrt(var + 1e-3) * c["g"] + c["b"]

        x, n = jax.nn.relu(conv(0, x)), 1
        while n < len(plan):
            inner = conv(n + 1, jax.nn.relu(conv(n, x)))
            wide = plan[n][3] > 1
            x = jax.nn.relu(inner + (conv(n + 2, x) if wide else x))
            n += 3 if wide else 2
        return _apply(p[1], x.mean((1, 2))), new

    return (convs, _dense(64, 10)), state, run


class Contender:
    """What `worker.py` times."""

    def __init__(self, name):
        binary = name in ("mlp_small", "lstm")
        self.params, self.state, run = globals()[f"_{name}"]()
        self.slots = jax.tree.map(lambda p: jnp.zeros(p.shape), (self.params,) * 2)
        self.count = jnp.zeros(())
        self.key = jax.random.key(1)

        def loss_of(params, state, x, y, key):
            out, state = run(params, state, x, key)
            if binary:
                loss = jnp.mean(jnp.logaddexp(0, out) - out * y)
                return loss, (state, jnp.sum((out > 0) == (y > 0.5)))
            log = jax.nn.log_softmax(out)
            loss = -jnp.mean(jnp.take_along_axis(log, y[:, None], 1))
            return loss, (state, jnp.sum(out.argmax(-1) == y))

        def step(carry, x, y):
            params, state, (m, v), count, key, total, right = carry
            key, now = jax.random.split(key)
            (loss, (state, hits)), grads = jax.value_and_grad(loss_of, has_aux=True)(
                params, state, x, y, now
            )
            count = count + 1
            m = jax.tree.map(lambda a, g: 0.9 * a + 0.1 * g, m, grads)
            v = jax.tree.map(lambda a, g: 0.999 * a + 0.001 * g * g, v, grads)
            rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            params = jax.tree.map(
                lambda p, a, b: p - rate * a / (jnp.sqrt(b) + 1e-7), params, m, v
            )
            total, right = total + loss * len(x), right + hits
            return params, state, (m, v), count, key, total, right

        def test(params, state, total, x, y):
            loss, (_, hits) = loss_of(params, state, x, y, None)
            return total + loss * len(x), hits

        def output(params, state, x):
            out = run(params, state, x, None)[0]
            return jax.nn.sigmoid(out) if binary else out

        self.step = jax.jit(step, donate_argnums=0)
        self.test, self.output = jax.jit(test), jax.jit(output)

    def epoch(self, x, y, batch):
        order = np.random.permutation(len(x))
        carry = (
            self.params, self.state, self.slots, self.count, self.key,
            jnp.zeros(()), jnp.zeros((), "int32"),
        )  # fmt: skip
        for start in range(0, len(x), batch):
            index = order[start : start + batch]
            carry = self.step(carry, x[index], y[index])
        self.params, self.state, self.slots, self.count, self.key, total, _ = carry
        return float(total) / len(x)

    def evaluate(self, x, y, batch):
        total = jnp.zeros(())
        for i in range(0, len(x), batch):
            part = slice(i, i + batch)
            total, _ = self.test(self.params, self.state, total, x[part], y[part])
        return float(total) / len(x)

    def predict(self, x, batch):
        outs = [
            self.output(self.params, self.state, x[i : i + batch])
            for i in range(0, len(x), batch)
        ]
        return np.concatenate(outs)

    def predict_one(self, x):
        return np.asarray(self.output(self.params, self.state, x))

    call_one = predict_one
