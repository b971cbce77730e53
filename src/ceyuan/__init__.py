"""Ceyuan (策源): compute, data, models, evaluation, applications, governance and programmes on one platform."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("ceyuan")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.0.0"

__all__ = ["__version__"]
