"""What may go wrong with a training run before it starts."""

from __future__ import annotations

from ceyuan.kernel.errors import Invalid, NotFound, Unavailable
from ceyuan.models.training import RecipeFault, TorchMissing


class TrainingRunNotFound(NotFound):
    code = "training_run_not_found"
    title = ("没有这次训练", "No such training run")


class RecipeInvalid(Invalid):
    code = "training_recipe_invalid"
    title = ("训练配方无效", "The recipe is not valid")

    def __init__(self, fault: RecipeFault) -> None:
        super().__init__(
            fault.message,
            hint=("可用设置见 GET /api/v1/training/recipe", "GET /api/v1/training/recipe lists the settings"),
        )


class NotADataset(Invalid):
    code = "not_a_dataset"
    title = ("所选版本不是数据集", "The revision is not of a dataset")


class TorchNotInstalled(Unavailable):
    """Training is possible only where PyTorch is installed."""

    code = "torch_missing"
    title = ("缺少 PyTorch", "PyTorch is missing")

    def __init__(self) -> None:
        super().__init__(TorchMissing().message)
