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
    """-log of the probability of the labels, over all ways to place them in time.

    Args:
        target: labels, `(batch, longest)`, integers.
        output: logits, `(batch, time, classes)`.
        target_length: how many labels each sample has, `(batch,)`.
        output_length: how many steps of `output` count, `(batch,)`.
        mask_index: the class that stands for no label.

    Returns:
        `(batch,)`.
    """
    given = (target, output, target_length, output_length)
    if tuple(len(x.shape) for x in given) != (2, 3, 1, 1):
        raise ValueError(
            "ctc_loss: needs `target` of shape (batch, longest), `output` (batch, "
            "time, classes) and both lengths (batch,); received "
            f"{[tuple(x.shape) for x in given]}."
        )
    target, target_length, output_length = (
        cast(x, "int32") for x in (target, target_length, output_length)
    )
    return _ctc_loss(target, output, target_length, output_length, mask_index)


@op
def _ctc_loss(
    target: Index,
    output: Tensor,
    target_length: Index,
    output_length: Index,
    blank: int,
) -> Tensor:
    """The forward recursion over labels with blanks between, in logarithms."""
    logs = _log_softmax(output, -1)
    batch, longest = shape(target)
    between = knp.full_like(target, blank)
    labels = knp.reshape(knp.stack([between, target], axis=2), (batch, 2 * longest))
    labels = knp.pad(labels, ((0, 0), (0, 1)), constant_values=blank)
    # A label may follow the last but one place directly, unless it repeats it.
    before = knp.pad(labels[:, :-2], ((0, 0), (2, 0)), constant_values=blank)
    skips = knp.logical_and(labels != blank, labels != before)
    never = knp.zeros_like(logs[:, 0, :1]) + _NEVER
    steps = knp.moveaxis(logs, 1, 0)

    def place(step: Any) -> Any:
        return knp.take_along_axis(step, labels, axis=1)

    def shifted(alpha: Any, by: int) -> Any:
        fill = knp.repeat(never, by, axis=1)
        return knp.concatenate([fill, alpha[:, :-by]], axis=1)

    def advance(state: tuple, step: Any) -> tuple:
        t, alpha = state
        jump = knp.where(skips, shifted(alpha, 2), _NEVER)
        new = knp.logaddexp(knp.logaddexp(alpha, shifted(alpha, 1)), jump) + place(step)
        running = knp.expand_dims(t < output_length, 1)
        return (t + 1, knp.where(running, new, alpha)), None

    places = knp.arange(2 * longest + 1)
    first = knp.where(places < 2, place(steps[0]), _NEVER)
    (_, alpha), _ = scan(advance, (knp.ones((), "int32"), first), steps[1:])
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
    """The likeliest labels for the output of a network trained with `ctc_loss`.

    Args:
        inputs: logits, `(batch, time, classes)`.
        sequence_lengths: how many steps count, `(batch,)`.
        strategy: "greedy": the likeliest class at each step; "beam_search": the label
            sequences likeliest over all their placements.
        beam_width: how many sequences are followed (beam search).
        top_paths: how many are given, at most `beam_width` (beam search).
        merge_repeated: a class that stays the likeliest over several steps is one label
            (greedy; beam search always does so).
        mask_index: the class that stands for no label.

    Returns:
        `(labels, scores)`: labels int32 `(paths, batch, time)`, filled up with -1;
        scores `(batch, paths)`: minus the sum of the chosen logits (greedy), or
        the logarithm of the sequence's probability (beam search).
    """
    who = "ctc_decode"
    check_choice(strategy, ("greedy", "beam_search"), "strategy", who)
    if len(inputs.shape) != 3 or len(sequence_lengths.shape) != 1:
        raise shape_error(
            f"{who}: needs `inputs` of shape (batch, time, classes) and "
            "`sequence_lengths` of shape (batch,)",
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
            f"{who}: {top_paths} paths cannot be taken from a beam of {beam_width}."
        )
    return _beam_search(inputs, lengths, beam_width, top_paths, blank)


def _greedy(inputs: Any, lengths: Any, merge: bool, blank: int) -> tuple[Any, Any]:
    steps = shape(inputs)[1]
    time = knp.arange(steps)
    valid = time < knp.expand_dims(lengths, 1)
    best = knp.max(inputs, axis=-1)
    scores = -knp.sum(knp.where(valid, best, 0.0), axis=1, keepdims=True)
    classes = cast(knp.argmax(inputs, axis=-1), "int32")
    keep = knp.logical_and(valid, classes != blank)
    if merge:
        before = knp.pad(classes[:, :-1], ((0, 0), (1, 0)), constant_values=-1)
        keep = knp.logical_and(keep, classes != before)
    # What is kept goes to the front, in its order.
    order = knp.argsort(knp.where(keep, time, time + steps), axis=1)
    count = knp.sum(cast(keep, "int32"), axis=1, keepdims=True)
    labels = knp.take_along_axis(classes, order, axis=1)
    labels = knp.where(time < count, labels, -1)
    return knp.expand_dims(cast(labels, "int32"), 0), scores


class _Beams(NamedTuple):
    """Prefixes `(batch, beams, ...)`: their labels, and how likely they end in a blank
    or in their last label. `names` are numbers that tell prefixes from one another;
    `parents` are the names of the prefixes without their last label."""

    labels: Any
    count: Any
    last: Any
    blank: Any
    label: Any
    names: Any
    parents: Any


def _beam_search(
    inputs: Any, lengths: Any, width: int, top_paths: int, blank: int
) -> tuple[Any, Any]:
    """Prefix beam search (Graves, 2012, chapter 7; Hannun et al., arXiv:1408.2873)."""
    logs = _log_softmax(inputs, -1)
    batch, steps, classes = shape(logs)
    time = knp.arange(steps)
    symbols = knp.arange(classes)
    row = knp.zeros((batch, width), "int32")
    never = cast(row, dtype(logs)) + _NEVER
    start = _Beams(
        labels=knp.zeros((batch, width, steps), "int32") - 1,
        count=row,
        last=row - 1,
        blank=knp.where(knp.arange(width) == 0, 0.0, never),
        label=never,
        names=knp.zeros((batch, width, 2), "int32"),
        parents=knp.zeros((batch, width, 2), "int32") - 1,
    )

    def pick(values: Any, beams: Any) -> Any:
        while len(beams.shape) < len(values.shape):
            beams = knp.expand_dims(beams, -1)
        return knp.take_along_axis(values, beams, axis=1)

    def advance(state: tuple, step: Any) -> tuple:
        t, beams = state[0], _Beams(*state[1:])
        total = knp.logaddexp(beams.blank, beams.label)
        step_beams = knp.repeat(knp.expand_dims(step, 1), width, axis=1)
        stays_blank = total + step[:, blank : blank + 1]
        again = knp.take_along_axis(step, knp.maximum(beams.last, 0), axis=1)
        stays_label = beams.label + knp.where(beams.last >= 0, again, _NEVER)
        last = knp.expand_dims(beams.last, -1)
        repeats = last == symbols
        grown = step_beams + knp.where(
            repeats, knp.expand_dims(beams.blank, -1), knp.expand_dims(total, -1)
        )
        grown = knp.where(symbols == blank, _NEVER, grown)
        # A prefix that grows into one that is there already adds to that one.
        into = knp.all(beams.names[:, :, None] == beams.parents[:, None], axis=-1)
        ends = knp.repeat(knp.maximum(beams.last, 0)[:, None, :], width, axis=1)
        joining = knp.take_along_axis(grown, ends, axis=2)  # (batch, from, to)
        joining = knp.max(knp.where(into, joining, _NEVER), axis=1)
        stays_label = knp.logaddexp(stays_label, joining)
        taken = knp.matmul(cast(into, "float32"), cast(repeats, "float32")) > 0
        grown = knp.where(taken, _NEVER, grown)
        # The best of those that stay and those that grow.
        stays = knp.logaddexp(stays_blank, stays_label)
        flat = knp.reshape(grown, (batch, width * classes))
        _, best = top_k(knp.concatenate([stays, flat], axis=1), width)
        best = cast(best, "int32")
        grows = best >= width
        source = knp.where(grows, (best - width) // classes, best)
        symbol = knp.where(grows, (best - width) % classes, pick(beams.last, source))
        count = pick(beams.count, source)
        labels = pick(beams.labels, source)
        here = knp.logical_and(knp.expand_dims(grows, -1), time == count[..., None])
        chosen = knp.take_along_axis(flat, knp.maximum(best - width, 0), axis=1)
        names, parents = pick(beams.names, source), pick(beams.parents, source)
        factors = knp.array([1000003, 69069], "int32")
        grown_names = names * factors + knp.expand_dims(symbol + 1, -1)
        ends_blank = knp.where(grows, _NEVER, pick(stays_blank, source))
        ends_label = knp.where(grows, chosen, pick(stays_label, source))
        # Places in the beam that are still empty must not take part in joining.
        filled = knp.maximum(ends_blank, ends_label) > _NEVER / 2
        parents = knp.where(knp.expand_dims(grows, -1), names, parents)
        new = _Beams(
            labels=knp.where(here, knp.expand_dims(symbol, -1), labels),
            count=count + cast(grows, "int32"),
            last=symbol,
            blank=ends_blank,
            label=ends_label,
            names=knp.where(knp.expand_dims(grows, -1), grown_names, names),
            parents=knp.where(knp.expand_dims(filled, -1), parents, -1),
        )
        running = t < lengths
        kept = []
        for after, before in zip(new, beams):
            mask = knp.reshape(running, (batch, *[1] * (len(before.shape) - 1)))
            kept.append(knp.where(mask, after, before))
        return (t + 1, *kept), None

    first = (knp.zeros((), "int32"), *start)
    (_, *last), _ = scan(advance, first, knp.moveaxis(logs, 1, 0))
    beams = _Beams(*last)
    scores, order = top_k(knp.logaddexp(beams.blank, beams.label), top_paths)
    labels = pick(beams.labels, cast(order, "int32"))
    return knp.moveaxis(labels, 1, 0), scores
