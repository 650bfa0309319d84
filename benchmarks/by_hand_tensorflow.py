"""The workloads in TensorFlow, as a good engineer writes them: tf.function steps."""

import numpy as np
import tensorflow as tf
from data import VOCABULARY

RNG = np.random.default_rng(0)
WEIGHTS = []


def _variable(value):
    variable = tf.Variable(np.asarray(value, "float32"))
    WEIGHTS.append(variable)
    return variable


def _dense(i, o):
    scale = np.sqrt(6 / (i + o))
    w, b = _variable(RNG.uniform(-scale, scale, (i, o))), _variable(np.zeros(o))
    return lambda x: tf.tensordot(x, w, 1) + b if len(x.shape) > 2 else x @ w + b


def _kernel(*shape):
    return _variable(RNG.normal(size=shape) * np.sqrt(2 / np.prod(shape[:-1])))


def _norm():
    g, b = _variable(np.ones(64)), _variable(np.zeros(64))

    def run(x):
        mean, var = tf.nn.moments(x, [-1], keepdims=True)
        return (x - mean) * tf.math.rsqrt(var + 1e-3) * g + b

    return run


def _mlp_small():
    first, second = _dense(10, 32), _dense(32, 1)
    return lambda x, training: second(tf.nn.relu(first(x)))


def _mlp():
    layers = [_dense(784, 512), _dense(512, 512), _dense(512, 10)]

    def run(x, training):
        for layer in layers[:2]:
            x = tf.nn.relu(layer(x))
            x = tf.nn.dropout(x, 0.2) if training else x
        return layers[2](x)

    return run


def _cnn():
    kernels = [_kernel(3, 3, 1, 32), _kernel(3, 3, 32, 64)]
    biases = [_variable(np.zeros(32)), _variable(np.zeros(64))]
    out = _dense(1600, 10)

    def run(x, training):
        for w, b in zip(kernels, biases):
            x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w, 1, "VALID"), b))
            x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        return out(tf.reshape(x, (-1, 1600)))

    return run


def _lstm():
    table = _variable(RNG.uniform(-0.05, 0.05, (VOCABULARY, 64)))
    inputs, out = _dense(64, 256), _dense(64, 1)
    hidden = _variable(RNG.normal(size=(64, 256)) / 8)

    def run(x, training):
        gates = tf.transpose(inputs(tf.gather(table, x)), (1, 0, 2))
        zeros = tf.zeros((tf.shape(x)[0], 64))
        stack = tf.TensorArray(tf.float32, 64).unstack(gates)

        def step(t, h, c):
            i, f, n, o = tf.split(stack.read(t) + h @ hidden, 4, 1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(n)
            return t + 1, tf.sigmoid(o) * tf.tanh(c), c

        h = tf.while_loop(lambda t, h, c: t < 64, step, [0, zeros, zeros])[1]
        return out(h)

    return run


def _transformer():
    table = _variable(RNG.uniform(-0.05, 0.05, (VOCABULARY, 64)))
    sizes = (64, 192), (64, 64), (64, 128), (128, 64)
    blocks = [(_norm(), _norm(), *(_dense(i, o) for i, o in sizes)) for _ in range(2)]
    last, out = _norm(), _dense(64, 2)

    def run(x, training):
        h = tf.gather(table, x)
        for n1, n2, qkv, project, up, down in blocks:
            parts = tf.reshape(qkv(n1(h)), (-1, 64, 3, 4, 16))
            q, k, v = tf.unstack(tf.transpose(parts, (2, 0, 3, 1, 4)))
            weights = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) / 4.0)
            a = tf.reshape(tf.transpose(weights @ v, (0, 2, 1, 3)), (-1, 64, 64))
            h = h + project(a)
            h = h + down(tf.nn.relu(up(n2(h))))
        return out(tf.reduce_mean(last(h), 1))

    return run


def _resnet():
    def conv(i, o, size=3, strides=1):
        w = _kernel(size, size, i, o)
        g, b = _variable(np.ones(o)), _variable(np.zeros(o))
        moving = [tf.Variable(tf.zeros(o)), tf.Variable(tf.ones(o))]

        def run(x, training):
            x = tf.nn.conv2d(x, w, strides, "SAME")
            mean, var = ([], []) if training else moving
            y, mean, var, *_ = tf.raw_ops.FusedBatchNormV3(
                x=x,
                scale=g,
                offset=b,
                mean=mean,
                variance=var,
                epsilon=1e-3,
                is_training=training,
            )
            if training:
                for old, new in zip(moving, (mean, var)):
                    old.assign(0.99 * old + 0.01 * new)
            return y

        return run

    first = conv(3, 16)
    blocks, before = [], 16
    for filters in (16, 32, 64):
        for block in range(3):
            strides = 2 if filters > 16 and block == 0 else 1
            short = conv(before, filters, 1, strides) if strides > 1 else None
            inner = conv(before, filters, 3, strides), conv(filters, filters)
            blocks.append((*inner, short))
            before = filters
    out = _dense(64, 10)

    def run(x, training):
        h = tf.nn.relu(first(x, training))
        for one, two, short in blocks:
            inner = two(tf.nn.relu(one(h, training)), training)
            h = tf.nn.relu(inner + (short(h, training) if short else h))
        return out(tf.reduce_mean(h, (1, 2)))

    return run


class Contender:
    """What `worker.py` times."""

    def __init__(self, name):
        binary = name in ("mlp_small", "lstm")
        WEIGHTS.clear()
        run = globals()[f"_{name}"]()
        weights = list(WEIGHTS)
        slots = [[tf.Variable(tf.zeros_like(w)) for w in weights] for _ in range(2)]
        count, self.total = tf.Variable(0.0), tf.Variable(0.0)
        right = tf.Variable(0, dtype=tf.int64)

        def loss_of(x, y, training):
            out = run(x, training)
            if binary:
                loss = tf.nn.sigmoid_cross_entropy_with_logits(y, out)
                hits = tf.equal(out > 0, y > 0.5)
            else:
                loss = tf.nn.sparse_softmax_cross_entropy_with_logits(y, out)
                hits = tf.equal(tf.argmax(out, -1, tf.int32), y)
            return tf.reduce_mean(loss), tf.math.count_nonzero(hits)

        @tf.function
        def step(x, y):
            with tf.GradientTape() as tape:
                loss, hits = loss_of(x, y, True)
            grads = tape.gradient(loss, weights)
            count.assign_add(1)
            rate = 1e-3 * tf.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            for w, m, v, g in zip(weights, *slots, grads):
                g = tf.convert_to_tensor(g)
                m.assign(0.9 * m + 0.1 * g)
                v.assign(0.999 * v + 0.001 * g * g)
                w.assign_sub(rate * m / (tf.sqrt(v) + 1e-7))
            self.total.assign_add(loss * tf.cast(tf.shape(x)[0], tf.float32))
            right.assign_add(hits)

        @tf.function
        def test(x, y):
            loss, hits = loss_of(x, y, False)
            self.total.assign_add(loss * tf.cast(tf.shape(x)[0], tf.float32))
            right.assign_add(hits)

        @tf.function(reduce_retracing=True)
        def output(x):
            out = run(x, False)
            return tf.sigmoid(out) if binary else out

        self.step, self.test, self.output = step, test, output

    def epoch(self, x, y, batch):
        order = np.random.permutation(len(x))
        self.total.assign(0.0)
        for start in range(0, len(x), batch):
            index = order[start : start + batch]
            self.step(tf.constant(x[index]), tf.constant(y[index]))
        return float(self.total) / len(x)

    def evaluate(self, x, y, batch):
        self.total.assign(0.0)
        for i in range(0, len(x), batch):
            self.test(tf.constant(x[i : i + batch]), tf.constant(y[i : i + batch]))
        return float(self.total) / len(x)

    def predict(self, x, batch):
        outs = [
            self.output(tf.constant(x[i : i + batch])) for i in range(0, len(x), batch)
        ]
        return np.concatenate([out.numpy() for out in outs])

    def predict_one(self, x):
        return self.output(tf.constant(x)).numpy()

    call_one = predict_one
