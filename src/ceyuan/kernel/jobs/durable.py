"""What we use of DBOS, imported in one place: it takes PostgreSQL's driver with it, nine megabytes of every server,
of which a platform beside SQLite needs none."""

from __future__ import annotations

from ceyuan.lazy import put_off

with put_off("psycopg", "psycopg.errors"):
    from dbos import DBOS, DBOSConfig, SetWorkflowID
    from dbos._queue import Queue, queue_worker_thread

__all__ = ["DBOS", "DBOSConfig", "Queue", "SetWorkflowID", "queue_worker_thread"]
