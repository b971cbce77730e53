"""What can go wrong in a training run, said in both languages."""

from __future__ import annotations

__all__ = ["CorpusFault", "RecipeFault", "ResumeFault", "TorchMissing", "TrainingFault"]


class TrainingFault(Exception):
    """A training run cannot go on; `zh` and `en` say why and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en

    @property
    def message(self) -> tuple[str, str]:
        """The message as (Chinese, English)."""
        return self.zh, self.en


class RecipeFault(TrainingFault):
    """A recipe names an unknown setting or a value outside its range."""


class CorpusFault(TrainingFault):
    """The corpus folder has no readable text for what is asked."""


class ResumeFault(TrainingFault):
    """The output folder belongs to another recipe or another corpus, or is damaged."""


class TorchMissing(TrainingFault, ImportError):
    """PyTorch is not installed; it is an extra because its builds differ by platform."""

    def __init__(self) -> None:
        super().__init__(
            "训练需要 PyTorch（可选组件）。请在源码目录运行 `make setup`，或 `pip install torch==2.13.0`，然后重试。",
            "Training needs PyTorch, an optional component. Run `make setup` in the checkout, "
            "or `pip install torch==2.13.0`, and try again.",
        )
