"""Text in TensorFlow's graphs and pipelines, as `contract.TextBackend` says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from keras.backend.text import Rows

_PUNCTUATION = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""


def standardize(x: Any, lower: bool, strip: bool) -> Any:
    """Text with ASCII letters in lower case, and without ASCII punctuation."""
    if lower:
        x = tf.strings.lower(x)
    return tf.strings.regex_replace(x, _PUNCTUATION, "") if strip else x


def split(x: Any, by: str) -> Rows:
    """The words, or the characters, of each text of a vector."""
    if by == "whitespace":
        return rows_of(tf.strings.split(x))
    return rows_of(tf.strings.unicode_split(x, "UTF-8"))


def rows_of(parts: Any) -> Rows:
    """What a user's function that splits returned: lists, or a ragged tensor."""
    if isinstance(parts, Rows):
        return parts
    if not isinstance(parts, tf.RaggedTensor):
        parts = tf.RaggedTensor.from_tensor(tf.convert_to_tensor(parts))
    return Rows(parts.flat_values, parts.row_lengths())


def ngrams(rows: Rows, widths: Sequence[int]) -> Rows:
    """Neighbouring words joined by a space, for each width the whole row."""
    return rows_of(tf.strings.ngrams(ragged(rows), list(widths), separator=" "))


def pad(rows: Rows, length: int | None) -> Any:
    """Rows of numbers as a table: as long as the longest, or cut and filled by 0."""
    return ragged(rows).to_tensor(shape=(None, length))


def count(rows: Rows, depth: int) -> Any:
    """How often each of the numbers 0 ... depth - 1 occurs in a row, as int64."""
    batch = tf.size(rows.lengths, tf.int64)
    owners = tf.repeat(tf.range(batch), rows.lengths)
    values = tf.cast(rows.values, tf.int64)
    inside = tf.cast(values < depth, tf.int64)
    places = tf.minimum(owners * depth + values, batch * depth - 1)
    found = tf.math.unsorted_segment_sum(inside, places, batch * depth)
    return tf.reshape(found, (-1, depth))


def ragged(rows: Rows) -> Any:
    """TensorFlow's ragged tensor of the rows."""
    return tf.RaggedTensor.from_row_lengths(rows.values, rows.lengths, validate=False)


def make_table(tokens: Sequence[str], numbers: Sequence[int], missing: int) -> Any:
    """Texts, and the number of each."""
    with tf.init_scope():  # it belongs to no graph, so that all may use it
        keys = tf.constant(list(tokens), tf.string)
        values = tf.constant(list(numbers), tf.int64)
        initial = tf.lookup.KeyValueTensorInitializer(keys, values)
        return keys, tf.lookup.StaticHashTable(initial, missing)


def find(table: Any, x: Any) -> Any:
    """The number of each text, as int64."""
    return table[1].lookup(tf.convert_to_tensor(x, tf.string))


def tokens_at(table: Any, positions: Any, default: str) -> Any:
    """The text at each position, `default` where there is none."""
    keys = tf.concat([table[0], [default]], 0)
    size = tf.size(table[0])
    positions = tf.cast(positions, tf.int32)
    outside = (positions < 0) | (positions >= size)
    return tf.gather(keys, tf.where(outside, size, positions))


def hash_bins(x: Any, bins: int, key: tuple[int, int] | None) -> Any:
    """The bin of each text or integer, by its hash, as int64.

    An integer is hashed as its decimal digits.
    """
    if x.dtype != tf.string:
        x = tf.strings.as_string(x)
    if key is None:
        return tf.strings.to_hash_bucket_fast(x, bins)
    return tf.strings.to_hash_bucket_strong(x, bins, list(key))


def cross_bins(columns: Sequence[Any], bins: int) -> Any:
    """The bin of each combination of texts or integers, by its hash, as int64."""
    shape = tf.shape(columns[0])
    columns = [
        tf.reshape(x if x.dtype == tf.string else tf.cast(x, tf.int64), (-1, 1))
        for x in columns
    ]
    found = tf.sparse.to_dense(tf.sparse.cross_hashed(columns, bins))
    return tf.reshape(found, shape)
