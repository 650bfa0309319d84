"""PyTorch's own kernels for whole sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


def _fused(run: Callable, arrange: Callable) -> Callable:
    """A kernel of `torch._VF` under the interface of the contract's `FUSED_RNN`.

    `arrange(kernel, recurrent_kernel, bias)` gives the weights in PyTorch's order.
    """

    def fused(
        x: torch.Tensor,
        states: list[torch.Tensor],
        weights: tuple[torch.Tensor, torch.Tensor, torch.Tensor | None],
        mask: torch.Tensor | None,
        zero_output: bool,
    ) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
        arranged = arrange(*weights)
        has_bias = weights[2] is not None
        options = (arranged, has_bias, 1, 0.0, torch.is_grad_enabled(), False)
        if mask is None:
            outputs, *last = run(x, _initial(states), *options, True)
            return outputs[:, -1], outputs, [s.squeeze(0) for s in last]

        # The steps that count, moved to the front, are shorter sequences without gaps.
        steps = torch.arange(mask.shape[1], device=mask.device)
        order = torch.argsort(torch.where(mask, steps, steps + len(steps)), dim=1)
        x = x.gather(1, order.unsqueeze(-1).expand_as(x))
        count = mask.cumsum(1)
        lengths = count[:, -1]
        packed = pack_padded_sequence(
            x, lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False
        )
        first = _initial([s[packed.sorted_indices] for s in states])

        data, *last = run(packed.data, packed.batch_sizes, first, *options)
        whole, _ = pad_packed_sequence(
            PackedSequence(data, *packed[1:]),
            batch_first=True,
            total_length=mask.shape[1],
        )

        # Back to the steps as they were: a masked one repeats the last output, or is 0.
        index = (count - 1).clamp(min=0).unsqueeze(-1)
        outputs = whole.gather(1, index.expand(-1, -1, whole.shape[-1]))
        shown = mask if zero_output else count > 0
        outputs = outputs * shown.unsqueeze(-1).to(outputs.dtype)

        any_step = (lengths > 0).unsqueeze(-1)
        states = [
            torch.where(any_step, new.squeeze(0)[packed.unsorted_indices], old)
            for new, old in zip(last, states)
        ]
        return outputs[:, -1], outputs, states

    return fused


def _initial(states: list[torch.Tensor]) -> Any:
    """Initial states with the axis of layers; a pair for an LSTM."""
    with_layers = [s.unsqueeze(0).contiguous() for s in states]
    return with_layers[0] if len(states) == 1 else with_layers


def _one_bias(kernel: Any, recurrent_kernel: Any, bias: Any) -> list[torch.Tensor]:
    """PyTorch adds a bias to each of both products; ours has it in the first."""
    weights = [kernel.t(), recurrent_kernel.t()]
    return weights if bias is None else [*weights, bias, torch.zeros_like(bias)]


def _gru(kernel: Any, recurrent_kernel: Any, bias: Any) -> list[torch.Tensor]:
    """PyTorch has the reset gate before the update gate."""
    weights = [kernel, recurrent_kernel, *(() if bias is None else bias.unbind(0))]
    out = []
    for w in weights:
        update, reset, new = w.chunk(3, dim=-1)
        out.append(torch.cat([reset, update, new], dim=-1))
    return [out[0].t(), out[1].t(), *out[2:]]


class _Kernels(dict):
    """None of them under torch.compile, which cannot differentiate them."""

    def get(self, kind: Any, default: Any = None) -> Any:
        return default if torch.compiler.is_compiling() else super().get(kind, default)


FUSED_RNN = _Kernels(
    simple_rnn=_fused(torch._VF.rnn_tanh, _one_bias),
    lstm=_fused(torch._VF.lstm, _one_bias),
    gru=_fused(torch._VF.gru, _gru),
)
