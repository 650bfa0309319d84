"""Attention: masks that travel or are given, and the fused kernels."""

import numpy as np
import pytest

import keras
from keras import layers, ops

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 4, 6)).astype("float32")
V = rng.normal(size=(2, 5, 6)).astype("float32")
QUERY_MASK = np.array([[1, 1, 0, 0], [1, 1, 1, 1]], bool)
VALUE_MASK = np.array([[1, 0, 0, 1, 0], [1, 1, 1, 1, 0]], bool)


class Masked(layers.Layer):
    """Puts a mask on what passes through."""

    def __init__(self, mask):
        super().__init__()
        self.mask = mask

    def call(self, x):
        return x + 0

    def compute_mask(self, x, previous_mask):
        return ops.convert_to_tensor(self.mask)


def numpy(x):
    return np.asarray(ops.convert_to_numpy(x))


def softmax(scores, mask):
    e = np.where(mask, np.exp(scores - scores.max(-1, keepdims=True)), 0)
    return e / np.maximum(e.sum(-1, keepdims=True), 1e-30)


HEADED = {
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 3},
    "GroupQueryAttention": {
        "head_dim": 3,
        "num_query_heads": 4,
        "num_key_value_heads": 2,
    },
}


@pytest.mark.parametrize("name", HEADED)
def test_masks_given_and_masks_that_travel(backend, name):
    """All of them, the query's too, hide what the formula says they hide."""
    layer = getattr(layers, name)(**HEADED[name])
    masks = {"query_mask": QUERY_MASK, "value_mask": VALUE_MASK}
    out, given = layer(X, V, **masks, return_attention_scores=True)
    query, key = (np.asarray(w) for w in layer.get_weights()[:3:2])
    q = np.einsum("btf,fhd->bhtd", X, query)
    k = np.einsum("btf,fhd->bhtd", V, key).repeat(q.shape[1] // key.shape[1], 1)
    scores = q @ k.swapaxes(2, 3) / np.sqrt(3)
    seen = QUERY_MASK[:, None, :, None] & VALUE_MASK[:, None, None, :]
    np.testing.assert_allclose(numpy(given), softmax(scores, seen), 1e-5, 1e-5)
    masked = Masked(QUERY_MASK)(X), Masked(VALUE_MASK)(V)
    out, travelled = layer(*masked, return_attention_scores=True)
    np.testing.assert_array_equal(numpy(travelled), numpy(given))
    np.testing.assert_array_equal(numpy(out._keras_mask), QUERY_MASK)
    # The fused kernel computes the same for the places that count.
    fused = numpy(layer(*masked))
    np.testing.assert_allclose(fused[QUERY_MASK], numpy(out)[QUERY_MASK], 1e-4, 1e-5)


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
def test_masks_of_one_head(backend, name):
    layer = getattr(layers, name)()
    given = layer([X, V], mask=[QUERY_MASK, VALUE_MASK])
    out = layer([Masked(QUERY_MASK)(X), Masked(VALUE_MASK)(V)])
    np.testing.assert_array_equal(numpy(out), numpy(given))
    np.testing.assert_array_equal(numpy(out._keras_mask), QUERY_MASK)
    assert not numpy(out)[~QUERY_MASK].any()
    scores = layer([X, V], mask=[None, VALUE_MASK], return_attention_scores=True)[1]
    hidden = np.broadcast_to(~VALUE_MASK[:, None], (2, 4, 5))
    assert not numpy(scores)[hidden].any()
    np.testing.assert_allclose(numpy(scores).sum(-1), 1, 1e-5)


@pytest.mark.parametrize("masks", [{}, {"value_mask": VALUE_MASK}])
@pytest.mark.parametrize("causal", [False, True])
def test_fused_and_written_out_agree(backend, causal, masks):
    """Values of another size than the keys; rows, columns and both attended along."""
    masks = {**masks, "use_causal_mask": causal}
    layer = layers.MultiHeadAttention(2, 3, value_dim=5, sliding_window=3)
    out, _ = layer(X, V, **masks, return_attention_scores=True)
    np.testing.assert_allclose(numpy(layer(X, V, **masks)), numpy(out), 1e-4, 1e-5)


@pytest.mark.parametrize("axes", [1, 2, -2, (1, 2), (2, 1)])
def test_axes_attended_along(backend, axes):
    """Attending along some axes is attending to each of the rest by itself."""
    x = rng.normal(size=(2, 3, 4, 6)).astype("float32")
    layer = layers.MultiHeadAttention(2, 3, attention_axes=axes)
    out, scores = layer(x, x, return_attention_scores=True)
    along = [a % 4 for a in np.atleast_1d(axes)]
    alone = [a for a in (0, 1, 2) if a not in along]
    order = [*alone, *along, 3]
    length = int(np.prod([x.shape[a] for a in along]))
    flat = layers.MultiHeadAttention(2, 3)
    moved = x.transpose(order)
    folded = moved.reshape(-1, length, 6)
    flat(folded, folded)
    flat.set_weights(layer.get_weights())
    want = numpy(flat(folded, folded)).reshape(moved.shape)
    want = want.transpose(np.argsort(order))
    np.testing.assert_allclose(numpy(out), want, 1e-4, 1e-5)
    np.testing.assert_allclose(numpy(layer(x, x)), want, 1e-4, 1e-5)
    assert numpy(scores).shape == (
        *(x.shape[a] for a in alone),
        2,
        *(x.shape[a] for a in along),
        *(x.shape[a] for a in along),
    )


def test_dropout_draws_in_training_only(backend):
    layer = layers.MultiHeadAttention(2, 3, dropout=0.5, seed=1)
    out = numpy(layer(X, V))
    np.testing.assert_array_equal(numpy(layer(X, V, training=False)), out)
    assert np.abs(numpy(layer(X, V, training=True)) - out).max() > 1e-3


def test_initializers_are_not_shared(backend):
    """Query and key start with different values, unless a seed asks otherwise."""
    layer = layers.MultiHeadAttention(2, 3)
    layer(X, X)
    query, key = layer.query_dense.kernel.numpy(), layer.key_dense.kernel.numpy()
    assert np.abs(query - key).max() > 1e-3
    limit = np.sqrt(6 / (6 + 2 * 3))
    assert 0.5 * limit < np.abs(query).max() <= limit


def test_flash_attention_is_met_or_refused(backend):
    with pytest.raises(ValueError, match="dropout=0.5"):
        layers.MultiHeadAttention(2, 3, dropout=0.5, flash_attention=True)
    layer = layers.MultiHeadAttention(2, 3, flash_attention=True)
    with pytest.raises(ValueError, match="scores"):
        layer(X, V, return_attention_scores=True)


def test_order_of_weights_does_not_depend_on_losses(backend):
    """A layer that gave a loss does not come before the others."""
    first, last = layers.Dense(2), layers.Dense(3, activity_regularizer="l2")
    model = keras.Sequential([keras.Input((6,)), first, last])
    before = [v.path for v in model.weights]
    model(X[:, 0])
    assert len(model.losses) == 1
    assert [v.path for v in model.weights] == before


def test_a_key_mask_counts_without_a_key(backend):
    layer = keras.layers.MultiHeadAttention(2, 3)
    rng = np.random.default_rng(0)
    q, v = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4))
    mask = np.array([[1, 1, 1, 0, 0], [1, 0, 1, 1, 1]], bool)
    by_key = layer(q, v, key_mask=mask)
    np.testing.assert_allclose(by_key, layer(q, v, value_mask=mask), rtol=1e-5)
    assert not np.allclose(by_key, layer(q, v))
