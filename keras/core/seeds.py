"""The seed given to `keras.utils.set_random_seed`, for backends loaded later."""

from __future__ import annotations

value: int | None = None
