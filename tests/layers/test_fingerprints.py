"""Hashes of text on the host: those of TensorFlow's ops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras.backend.numpy import text as host

TEXTS = st.lists(st.text(max_size=300), min_size=1, max_size=20)


@settings(deadline=None, max_examples=60)
@given(TEXTS, st.integers(1, 2**62))
def test_fingerprints_are_those_of_tensorflow(texts, bins):
    tf = pytest.importorskip("tensorflow")
    want = tf.strings.to_hash_bucket_fast([t.encode() for t in texts], bins).numpy()
    assert host.hash_bins(texts, bins, None).tolist() == want.tolist()


@settings(deadline=None, max_examples=60)
@given(TEXTS, st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_keyed_hashes_are_those_of_tensorflow(texts, first, second):
    tf = pytest.importorskip("tensorflow")
    want = tf.strings.to_hash_bucket_strong(
        [t.encode() for t in texts], 2**62, [first, second]
    )
    found = host.hash_bins(texts, 2**62, (first, second))
    assert found.tolist() == want.numpy().tolist()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_integers_are_hashed_as_their_digits(numbers):
    digits = [str(n) for n in numbers]
    found = host.hash_bins(np.array(numbers, np.int64), 2**62, None)
    assert found.tolist() == host.hash_bins(digits, 2**62, None).tolist()


@pytest.mark.parametrize("length", [*range(70), 127, 128, 129, 191, 192, 193, 1000])
def test_every_length_has_its_way(length):
    tf = pytest.importorskip("tensorflow")
    texts = [(chr(97 + i) * length).encode() for i in range(3)] + [b"", b"x"]
    want = tf.strings.to_hash_bucket_fast(texts, 2**62).numpy()
    assert host.hash_bins(np.array(texts), 2**62, None).tolist() == want.tolist()
    as_text = np.array([t.decode() for t in texts])
    assert host.hash_bins(as_text, 2**62, None).tolist() == want.tolist()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.text(max_size=20), st.integers(-(2**63), 2**63 - 1)), min_size=1
    )
)
def test_crosses_are_those_of_tensorflow(pairs):
    tf = pytest.importorskip("tensorflow")
    texts = np.array([text for text, _ in pairs], object)
    numbers = np.array([n for _, n in pairs], np.int64)
    columns = [[[t.encode()] for t in texts], [[n] for n in numbers]]
    columns = [tf.constant(columns[0]), tf.constant(columns[1], tf.int64)]
    want = tf.sparse.cross_hashed(columns, 2**62)
    found = host.cross_bins([texts, numbers], 2**62)
    assert found.tolist() == want.values.numpy().tolist()
