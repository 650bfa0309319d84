"""The wrapper that runs a recurrent layer in both directions."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core import tree
from keras.core.config.registry import maybe_scope
from keras.core.errors import check_choice
from keras.layers.input_spec import layer_label
from keras.layers.layer import Layer
from keras.layers.stacked_cells import is_builtin

MERGE_MODES = ("concat", "sum", "mul", "ave", None)


class Bidirectional(Layer):
    """Runs a recurrent layer forward and backward (Schuster and Paliwal, 1997).

    Args:
        layer: a recurrent layer such as `LSTM`; copies of it are used.
        merge_mode: how the two outputs are combined: "concat" along the last axis,
            "sum", "mul" or "ave" (mean); None returns both.
        weights: arrays for the weights of both directions, in the order of `weights`.
        backward_layer: the layer for the other direction, with `go_backwards=True`; by
            default a copy of `layer`.

    Input `(batch, time, ...)`. Outputs of all steps come in the order of the input in
    both directions. States, given and returned, are first those of the forward layer.

    Raises:
        ValueError: the two layers do not match, or `merge_mode` is unknown.

    Example:
        >>> layer = keras.layers.Bidirectional(keras.layers.LSTM(4))
        >>> layer(np.ones((2, 5, 3))).shape
        (2, 8)
    """

    _unwritten = ("weights",)

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        check_choice(merge_mode, MERGE_MODES, "merge_mode", "Bidirectional")
        for name, given in (("layer", layer), ("backward_layer", backward_layer)):
            if given is not None or name == "layer":
                _check_recurrent(given, name)
        super().__init__(**kwargs)

        self.merge_mode = merge_mode
        self.forward_layer = _copy(layer, "forward")
        if backward_layer is None:
            backward_layer = _copy(layer, "backward", not layer.go_backwards)
        self.backward_layer = backward_layer
        self._check_pair()

        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.stateful = layer.stateful
        if self.return_sequences:
            # In the backward direction, padding comes first.
            self.forward_layer.zero_output_for_mask = True
            self.backward_layer.zero_output_for_mask = True

        self.supports_masking = True
        self.input_spec = layer.input_spec
        self._start = weights

    def _check_pair(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                "Bidirectional: `layer` and `backward_layer` must have different "
                f"`go_backwards`; both have {forward.go_backwards}."
            )
        for name in ("stateful", "return_sequences", "return_state"):
            pair = getattr(forward, name), getattr(backward, name)
            if pair[0] != pair[1]:
                raise ValueError(
                    f"Bidirectional: `layer` and `backward_layer` must have the same "
                    f"`{name}`; received {pair[0]} and {pair[1]}."
                )

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build both layers."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._start is not None:
            self.set_weights(self._start)
            self._start = None

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: Any = None,
    ) -> Any:
        """Run both layers and merge what they return."""
        halves: tuple[Any, Any] = (None, None)
        if initial_state is not None:
            halves = self._halves(initial_state)
        results = [
            layer(sequences, initial_state=states, mask=mask, training=training)
            for layer, states in zip((self.forward_layer, self.backward_layer), halves)
        ]

        states: list[Any] = []
        if self.return_state:
            states = [state for result in results for state in result[1:]]
            results = [result[0] for result in results]

        forward, backward = results
        if self.return_sequences:
            backward = ops.flip(backward, axis=1)
        output = self._merged(forward, backward)
        if not self.return_state:
            return output
        return (*(output if self.merge_mode is None else (output,)), *states)

    def _halves(self, initial_state: Any) -> tuple[Any, Any]:
        flat = tree.flatten(initial_state)
        if len(flat) % 2:
            raise ValueError(
                f"{layer_label(self)}: `initial_state` must hold the states of the "
                f"forward and of the backward layer, so an even number of tensors; "
                f"received {len(flat)}."
            )
        return flat[: len(flat) // 2], flat[len(flat) // 2 :]

    def _merged(self, forward: Any, backward: Any) -> Any:
        if self.merge_mode is None:
            return forward, backward
        if self.merge_mode == "concat":
            return ops.concatenate([forward, backward], axis=-1)
        if self.merge_mode == "mul":
            return forward * backward
        total = forward + backward
        return total if self.merge_mode == "sum" else total / 2

    def compute_mask(self, _: Any, mask: Any) -> Any:
        """The mask of the sequence, if one is returned."""
        mask = tree.flatten(mask)[0] if self.return_sequences else None
        return (mask, mask) if self.merge_mode is None else mask

    @property
    def states(self) -> Any:
        """The states that both layers keep between batches, or None."""
        if self.forward_layer.states is None:
            return None
        return tuple(
            tree.flatten([self.forward_layer.states, self.backward_layer.states])
        )

    def reset_state(self) -> None:
        """Set the states that are kept between batches to 0."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """Set the states that are kept between batches to 0."""
        self.reset_state()

    @property
    def layer(self) -> Any:
        """The layer that the config describes."""
        return self.forward_layer


def _check_recurrent(layer: Any, argument: str) -> None:
    needed = ("go_backwards", "return_sequences", "return_state", "stateful")
    missing = [name for name in needed if not hasattr(layer, name)]
    if missing or not isinstance(layer, Layer):
        raise ValueError(
            f"Bidirectional: `{argument}` must be a recurrent layer such as LSTM, with "
            f"the attributes {', '.join(needed)}; received {layer!r}."
        )


def _copy(layer: Any, side: str, go_backwards: Any = None) -> Any:
    """A copy of a layer through its config, named `side_name`."""
    config = layer.get_config()
    config["name"] = f"{side}_{layer.name.removeprefix('forward_')}"
    if go_backwards is not None:
        config["go_backwards"] = go_backwards
    cell = getattr(layer, "cell", None)
    found = [type(c) for c in (cell, *getattr(cell, "cells", ())) if c is not None]
    # Custom cells need not be registered for this copy.
    with maybe_scope({c.__name__: c for c in found if not is_builtin(c)}):
        return type(layer).from_config(config)
