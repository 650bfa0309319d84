"""Connectionist temporal classification: its loss, and decoding.

Graves et al., 2006, "Connectionist Temporal Classification: Labelling Unsegmented
Sequence Data with Recurrent Neural Networks".
"""

from __future__ import annotations

from typing import Any, NamedTuple

from keras.core.errors import check_choice, check_positive_int, shape_error
from keras.core.op import Index, Tensor, op
from keras.ops import numpy as knp
from keras.ops.activations import _log_softmax
from keras.ops.control import scan
from keras.ops.core import cast, dtype, shape
from keras.ops.math import top_k

_NEVER = -1e30  # the logarithm of 0, finite so that gradients stay numbers


@op(cast="float")
def ctc_loss(
    target: Index,
    output: Tensor,
    target_length: Index,
    output_length: Index,
    mask_index: int = 0,
) -> Tensor:
    """CTC loss: -log of the probability of the labels over all alignments in time.

    Args:
        target: labels, `(batch, max_length)`, integers.
        output: logits, `(batch, time, classes)`.
        target_length: the number of labels of each sample, `(batch,)`.
        output_length: the number of valid steps of `output`, `(batch,)`.
        mask_index: the class that stands for no label (the blank).

    Returns:
        The loss of each sample, `(batch,)`.

    Raises:
        ValueError: the ranks are not as above.
    """
    given = (target, output, target_length, output_length)
    if tuple(len(x.shape) for x in given) != (2, 3, 1, 1):
        raise ValueError(
            "ctc_loss: `target` must have shape (batch, max_length), `output` (batch, "
            "time, classes), `target_length` and `output_length` (batch,); received "
            f"shapes {[tuple(x.shape) for x in given]}."
        )
    return _ctc_loss(
        cast(target, "int32"),
        output,
        cast(target_length, "int32"),
        cast(output_length, "int32"),
        mask_index,
    )


@op
def _ctc_loss(
    target: Index,
    output: Tensor,
    target_length: Index,
    output_length: Index,
    blank: int,
) -> Tensor:
    """The forward recursion of the paper's section 4.1, in logarithms.

    `alpha` `(batch, 2 * max_length + 1)` has the probability of each position in the
    labels with a blank before, between and after them.
    """
    log_probs = _log_softmax(output, -1)
    batch, max_length = shape(target)

    # "cat" becomes "-c-a-t-".
    blanks = knp.full_like(target, blank)
    labels = knp.reshape(knp.stack([blanks, target], axis=2), (batch, 2 * max_length))
    labels = knp.pad(labels, ((0, 0), (0, 1)), constant_values=blank)

    # The blank between two labels may be skipped, unless the labels are the same:
    # without it, "aa" would read as one "a".
    before = knp.pad(labels[:, :-2], ((0, 0), (2, 0)), constant_values=blank)
    skips = knp.logical_and(labels != blank, labels != before)

    never = knp.zeros_like(log_probs[:, 0, :1]) + _NEVER
    steps = knp.moveaxis(log_probs, 1, 0)

    def at_labels(step: Any) -> Any:
        return knp.take_along_axis(step, labels, axis=1)

    def shift(alpha: Any, by: int) -> Any:
        fill = knp.repeat(never, by, axis=1)
        return knp.concatenate([fill, alpha[:, :-by]], axis=1)

    def advance(state: tuple, step: Any) -> tuple:
        t, alpha = state
        stay_or_move = knp.logaddexp(alpha, shift(alpha, 1))
        skip = knp.where(skips, shift(alpha, 2), _NEVER)
        new = knp.logaddexp(stay_or_move, skip) + at_labels(step)

        # A sample that has ended keeps what it has.
        is_running = knp.expand_dims(t < output_length, 1)
        return (t + 1, knp.where(is_running, new, alpha)), None

    # A sequence begins with the first blank or the first label.
    positions = knp.arange(2 * max_length + 1)
    first = knp.where(positions < 2, at_labels(steps[0]), _NEVER)
    (_, alpha), _ = scan(advance, (knp.ones((), "int32"), first), steps[1:])

    # And it ends with the last label or the blank after it.
    end = knp.expand_dims(2 * target_length, 1)
    last_blank = knp.take_along_axis(alpha, end, axis=1)
    last_label = knp.take_along_axis(alpha, knp.maximum(end - 1, 0), axis=1)
    last_label = knp.where(end > 0, last_label, _NEVER)
    return -knp.squeeze(knp.logaddexp(last_blank, last_label), 1)


@op(cast="float")
def ctc_decode(
    inputs: Tensor,
    sequence_lengths: Index,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[Any, Any]:
    """Decode the output of a network trained with `ctc_loss` into labels.

    Args:
        inputs: logits, `(batch, time, classes)`.
        sequence_lengths: the number of valid steps, `(batch,)`.
        strategy: "greedy" takes the most probable class of each step; "beam_search"
            finds the label sequences that are most probable over all alignments.
        beam_width: the number of sequences that beam search follows.
        top_paths: the number of sequences that beam search returns, at most
            `beam_width`.
        merge_repeated: whether a class that is the most probable for several steps in
            a row is one label (greedy; beam search always merges).
        mask_index: the class that stands for no label (the blank).

    Returns:
        `(labels, scores)`: labels int32 `(paths, batch, time)`, padded with -1;
        scores `(batch, paths)`: minus the sum of the chosen logits (greedy), or
        the logarithm of the sequence's probability (beam search).

    Raises:
        ValueError: the ranks are not as above, `strategy` is not known, or `top_paths`
            is more than `beam_width`.
    """
    who = "ctc_decode"
    check_choice(strategy, ("greedy", "beam_search"), "strategy", who)
    if len(inputs.shape) != 3 or len(sequence_lengths.shape) != 1:
        raise shape_error(
            f"{who}: `inputs` must have shape (batch, time, classes) and "
            "`sequence_lengths` shape (batch,)",
            inputs,
            sequence_lengths,
        )

    blank = mask_index % inputs.shape[-1]
    lengths = cast(sequence_lengths, "int32")
    if strategy == "greedy":
        return _greedy(inputs, lengths, merge_repeated, blank)

    check_positive_int(top_paths, "top_paths", who)
    if check_positive_int(beam_width, "beam_width", who) < top_paths:
        raise ValueError(
            f"{who}: `top_paths` must be at most `beam_width`; received "
            f"top_paths={top_paths} and beam_width={beam_width}."
        )
    return _beam_search(inputs, lengths, beam_width, top_paths, blank)


def _greedy(inputs: Any, lengths: Any, merge: bool, blank: int) -> tuple[Any, Any]:
    """The most probable class of each step, without blanks and repetitions."""
    steps = shape(inputs)[1]
    time = knp.arange(steps)
    is_valid = time < knp.expand_dims(lengths, 1)
    best = knp.max(inputs, axis=-1)
    scores = -knp.sum(knp.where(is_valid, best, 0.0), axis=1, keepdims=True)

    classes = cast(knp.argmax(inputs, axis=-1), "int32")
    keep = knp.logical_and(is_valid, classes != blank)
    if merge:
        before = knp.pad(classes[:, :-1], ((0, 0), (1, 0)), constant_values=-1)
        keep = knp.logical_and(keep, classes != before)

    # Move the kept labels to the front, in their order, and pad the rest.
    order = knp.argsort(knp.where(keep, time, time + steps), axis=1)
    count = knp.sum(cast(keep, "int32"), axis=1, keepdims=True)
    labels = knp.take_along_axis(classes, order, axis=1)
    labels = knp.where(time < count, labels, -1)
    return knp.expand_dims(cast(labels, "int32"), 0), scores


class _Beams(NamedTuple):
    """The label sequences (prefixes) that beam search follows.

    A prefix has two probabilities, because what a repeated class means depends on the
    step before: after a blank it is a new label, else it prolongs the last one.
    """

    labels: Any  # (batch, beams, time), padded with -1
    count: Any  # (batch, beams): the number of labels
    last: Any  # (batch, beams): the last label, -1 if there is none
    blank: Any  # (batch, beams): log probability of ending in a blank
    label: Any  # (batch, beams): log probability of ending in the last label
    names: Any  # (batch, beams, 2): a hash of the labels, to compare prefixes by
    parents: Any  # (batch, beams, 2): the name of the prefix without the last label


def _beam_search(
    inputs: Any, lengths: Any, width: int, top_paths: int, blank: int
) -> tuple[Any, Any]:
    """Prefix beam search (Graves, 2012, chapter 7; Hannun et al., arXiv:1408.2873)."""
    log_probs = _log_softmax(inputs, -1)
    batch, steps, _ = shape(log_probs)
    start = _empty_beams(batch, width, steps, dtype(log_probs))

    def advance(state: tuple, step: Any) -> tuple:
        t = state[0]
        before = _Beams(*state[1:])
        after = _advance_beams(before, step, blank)

        # A sample that has ended keeps its beams.
        is_running = t < lengths
        kept = []
        for new, old in zip(after, before):
            mask = knp.reshape(is_running, (batch, *[1] * (len(old.shape) - 1)))
            kept.append(knp.where(mask, new, old))
        return (t + 1, *kept), None

    first = (knp.zeros((), "int32"), *start)
    (_, *last), _ = scan(advance, first, knp.moveaxis(log_probs, 1, 0))
    beams = _Beams(*last)

    scores, order = top_k(knp.logaddexp(beams.blank, beams.label), top_paths)
    labels = _pick_beams(beams.labels, cast(order, "int32"))
    return knp.moveaxis(labels, 1, 0), scores


def _empty_beams(batch: Any, width: int, steps: Any, kind: str) -> _Beams:
    """The state before the first step: the empty prefix, and places for others."""
    zeros = knp.zeros((batch, width), "int32")
    never = cast(zeros, kind) + _NEVER
    return _Beams(
        labels=knp.zeros((batch, width, steps), "int32") - 1,
        count=zeros,
        last=zeros - 1,
        blank=knp.where(knp.arange(width) == 0, 0.0, never),
        label=never,
        names=knp.zeros((batch, width, 2), "int32"),
        parents=knp.zeros((batch, width, 2), "int32") - 1,
    )


def _pick_beams(values: Any, beams: Any) -> Any:
    """The values `(batch, beams, ...)` of the beams with these numbers."""
    while len(beams.shape) < len(values.shape):
        beams = knp.expand_dims(beams, -1)
    return knp.take_along_axis(values, beams, axis=1)


def _advance_beams(beams: _Beams, step: Any, blank: int) -> _Beams:
    """The most probable prefixes after one more step.

    Args:
        beams: the prefixes before it.
        step: log probabilities of the classes, `(batch, classes)`.
        blank: the class that stands for no label.
    """
    batch, classes = shape(step)
    width = shape(beams.last)[1]
    symbols = knp.arange(classes)
    total = knp.logaddexp(beams.blank, beams.label)

    # A prefix stays as it is by a blank, or by its last label once more.
    stays_blank = total + step[:, blank : blank + 1]
    again = knp.take_along_axis(step, knp.maximum(beams.last, 0), axis=1)
    stays_label = beams.label + knp.where(beams.last >= 0, again, _NEVER)

    # It grows by any label; by its last one only if a blank is between them.
    repeats = knp.expand_dims(beams.last, -1) == symbols
    grown = knp.repeat(knp.expand_dims(step, 1), width, axis=1) + knp.where(
        repeats, knp.expand_dims(beams.blank, -1), knp.expand_dims(total, -1)
    )
    grown = knp.where(symbols == blank, _NEVER, grown)

    # A prefix that grows into one that is in the beam already adds to that one.
    into = knp.all(beams.names[:, :, None] == beams.parents[:, None], axis=-1)
    ends = knp.repeat(knp.maximum(beams.last, 0)[:, None, :], width, axis=1)
    joining = knp.take_along_axis(grown, ends, axis=2)  # (batch, from, to)
    joining = knp.max(knp.where(into, joining, _NEVER), axis=1)
    stays_label = knp.logaddexp(stays_label, joining)
    is_taken = knp.matmul(cast(into, "float32"), cast(repeats, "float32")) > 0
    grown = knp.where(is_taken, _NEVER, grown)

    # Keep the best among those that stay and those that grow.
    stays = knp.logaddexp(stays_blank, stays_label)
    flat = knp.reshape(grown, (batch, width * classes))
    _, best = top_k(knp.concatenate([stays, flat], axis=1), width)
    best = cast(best, "int32")
    grows = best >= width
    source = knp.where(grows, (best - width) // classes, best)
    last = _pick_beams(beams.last, source)
    symbol = knp.where(grows, (best - width) % classes, last)

    ends_blank = knp.where(grows, _NEVER, _pick_beams(stays_blank, source))
    chosen = knp.take_along_axis(flat, knp.maximum(best - width, 0), axis=1)
    ends_label = knp.where(grows, chosen, _pick_beams(stays_label, source))

    # Write the new label behind the others.
    count = _pick_beams(beams.count, source)
    labels = _pick_beams(beams.labels, source)
    time = knp.arange(shape(labels)[2])
    grows_last = knp.expand_dims(grows, -1)
    here = knp.logical_and(grows_last, time == count[..., None])
    labels = knp.where(here, knp.expand_dims(symbol, -1), labels)

    # A grown prefix gets a new name, and the old one as its parent's. Places in the
    # beam that are still empty must not take part in joining.
    names = _pick_beams(beams.names, source)
    factors = knp.array([1000003, 69069], "int32")
    grown_names = names * factors + knp.expand_dims(symbol + 1, -1)
    parents = knp.where(grows_last, names, _pick_beams(beams.parents, source))
    is_filled = knp.maximum(ends_blank, ends_label) > _NEVER / 2

    return _Beams(
        labels=labels,
        count=count + cast(grows, "int32"),
        last=symbol,
        blank=ends_blank,
        label=ends_label,
        names=knp.where(grows_last, grown_names, names),
        parents=knp.where(knp.expand_dims(is_filled, -1), parents, -1),
    )
