"""Pipelines: the data engines run as durable jobs, their results kept as revisions in the hub.

``data.collect`` reads sources into a raw dataset, ``data.pipeline`` makes a corpus of raw datasets,
``data.corpus`` does both. What a run found out (counts, drop reasons, samples, distributions) lies in the
revision itself; thresholds can be cut again over its stored statistics.
"""

from ceyuan.data.pipelines.embedding import Embedder
from ceyuan.data.pipelines.schemas import CollectIn, CorpusIn, PipelineIn
from ceyuan.data.pipelines.service import (
    COLLECT,
    CORPUS,
    PIPELINE,
    read_manifest,
    start_collection,
    start_corpus,
    start_pipeline,
    try_thresholds,
)

__all__ = [
    "COLLECT",
    "CORPUS",
    "PIPELINE",
    "CollectIn",
    "CorpusIn",
    "Embedder",
    "PipelineIn",
    "read_manifest",
    "start_collection",
    "start_corpus",
    "start_pipeline",
    "try_thresholds",
]
