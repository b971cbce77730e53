"""The process's log: one line an event on stderr, secrets redacted."""

from __future__ import annotations

import logging
import sys

from ceyuan.kernel.secrets import RedactingFilter


def configure_logging(level: str) -> None:
    """Send all loggers to stderr at `level`; libraries that chatter are kept to warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S"))
    handler.addFilter(RedactingFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("dbos", "alembic", "aiosqlite", "httpx", "botocore", "urllib3", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
