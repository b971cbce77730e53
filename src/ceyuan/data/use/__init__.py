"""Using corpora: mixtures for training, free of benchmark items; exports; cards that other tools read; the account of
who contributed what. What a mixture is trained into is `models.trainings`' business."""

from ceyuan.data.use.benchmarks import BenchmarkItems, BenchmarkSource

__all__ = ["BenchmarkItems", "BenchmarkSource"]
