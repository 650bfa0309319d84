"""Names of losses in Keras 2."""

from __future__ import annotations


class Reduction:
    """The values of a loss's `reduction`, as names."""

    AUTO = "sum_over_batch_size"
    NONE = None
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls) -> tuple[str | None, ...]:
        """The values."""
        return (cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE)

    @classmethod
    def validate(cls, key: str | None) -> None:
        """Raise a ValueError unless `key` is one of the values."""
        if key not in cls.all():
            raise ValueError(
                f"`reduction` must be one of {cls.all()}; received {key!r}."
            )
