"""Batches: a stored file of requests, worked off by a durable job, in the shapes of OpenAI's `/v1/files` and
`/v1/batches`. Each line is a call of the gateway like any other, under an idempotency key of its own, so that a job
that is killed and resumed pays none twice. Who may call what, and what a call costs, is the gateway's business."""

from ceyuan.models.batches.service import cancel_batch, create_batch, find_batch, find_file, keep_file
from ceyuan.models.batches.tables import Batch, BatchFile

__all__ = ["Batch", "BatchFile", "cancel_batch", "create_batch", "find_batch", "find_file", "keep_file"]
