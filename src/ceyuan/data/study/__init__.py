"""Studying a corpus: what its statistics say, and which keep rates ought to alarm. Trying other thresholds and SQL
are with `data.pipelines`."""

from ceyuan.data.study.alarms import Alarm, keep_rate_alarms

__all__ = ["Alarm", "keep_rate_alarms"]
