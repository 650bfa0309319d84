"""Tables."""

TABLE: dict = {}
