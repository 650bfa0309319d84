"""The backends, and the old names of a few settings."""
