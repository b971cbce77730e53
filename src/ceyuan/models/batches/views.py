"""Files and batches as OpenAI's API shows them."""

from __future__ import annotations

from typing import Any

from ceyuan.models.batches.tables import Batch, BatchFile

_TIMES = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")


def file_document(row: BatchFile) -> dict[str, Any]:
    """A file object."""
    return {
        "id": row.id,
        "object": "file",
        "bytes": row.bytes,
        "created_at": int(row.created_at.timestamp()),
        "expires_at": None,
        "filename": row.filename,
        "purpose": row.purpose,
        "status": "processed",
    }


def batch_document(row: Batch) -> dict[str, Any]:
    """A batch object; `ceyuan.job_id` names the job that works it off."""
    return {
        "id": row.id,
        "object": "batch",
        "endpoint": row.endpoint,
        "errors": {"object": "list", "data": row.faults} if row.faults else None,
        "input_file_id": row.input_file_id,
        "completion_window": "24h",
        "status": row.status,
        "output_file_id": row.output_file_id,
        "error_file_id": row.error_file_id,
        "created_at": int(row.created_at.timestamp()),
        "expires_at": int(row.expires_at.timestamp()),
        **{f"{name}_at": row.times.get(name) for name in _TIMES},
        "request_counts": {"total": row.total, "completed": row.completed, "failed": row.failed},
        "metadata": row.note or None,
        "ceyuan": {"job_id": row.job_id},
    }


def listing(documents: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    """A page of a list; `documents` has one more than `limit` where there are more."""
    shown = documents[:limit]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": len(documents) > limit,
    }
