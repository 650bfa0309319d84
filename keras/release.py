"""The version: the level of Keras's API, and ours."""

from importlib import metadata


def version() -> str:
    """The version of the package, such as `"3.15.1+anew.1"`."""
    return metadata.version("keras")


__version__ = version()
