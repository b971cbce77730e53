"""The one place that decides whether PyTorch is there."""

from __future__ import annotations

from importlib.util import find_spec

from .faults import TorchMissing

__all__ = ["require_torch", "torch_installed"]


def torch_installed() -> bool:
    """Whether `import torch` would find a package; cheap, imports nothing."""
    return find_spec("torch") is not None


def require_torch() -> None:
    """Raise `TorchMissing`, which says how to install it, unless PyTorch is there."""
    if not torch_installed():
        raise TorchMissing
