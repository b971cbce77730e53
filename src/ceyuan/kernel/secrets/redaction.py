"""Redaction: secrets never reach logs, the audit log or error reports.

Two ways are taken together: what stands behind a telling name (`password=…`, `Authorization: …`), and
what looks like a secret by its own form (private keys, tokens with known prefixes, URLs with a password).
"""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any

HIDDEN = "[redacted]"

_NAMES = (
    r"password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|signing[_-]?key|"
    r"master[_-]?key|authorization|credentials?|cookie|otp|recovery[_-]?codes?"
)
_SENSITIVE_FIELD = re.compile(rf"(?:^|[_\-.]|(?<=[a-z]))(?:{_NAMES})$", re.IGNORECASE)
# Bounded quantifiers: a log line may be megabytes of somebody's input.
_IN_TEXT: list[tuple[re.Pattern[str], str]] = [
    (
        re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,20000}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"),
        HIDDEN,
    ),
    (
        re.compile(
            r"(?i)\b(authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?)(?:(?:bearer|basic|digest)\s{1,3})?[^\s\"',;]{1,4096}"
        ),
        rf"\g<1>{HIDDEN}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s{1,3}[A-Za-z0-9._~+/=-]{8,4096}"), rf"\g<1> {HIDDEN}"),
    (re.compile(r"(?i)\b((?:set-)?cookie[\"']?\s{0,3}[:=]\s{0,3})[^\r\n]{1,4096}"), rf"\g<1>{HIDDEN}"),
    (
        re.compile(rf"(?i)((?:{_NAMES})[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?)(?!\[redacted)[^\s\"'&,;}}\])]{{1,4096}}"),
        rf"\g<1>{HIDDEN}",
    ),
    (re.compile(r"(://[^/\s:@]{0,200}:)[^/\s@]{1,400}@"), rf"\g<1>{HIDDEN}@"),
    (
        re.compile(r"\b(?:(?:sk|cy[a-z]{0,4}|hf|gh[pos]|glpat|xox[abp])[-_]|AKIA)(?=[A-Za-z_-]{0,40}\d)[\w-]{16,200}"),
        HIDDEN,
    ),
]


def redact(text: str) -> str:
    """`text` with everything that looks like a secret replaced by `[redacted]`."""
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


def is_sensitive(field: str) -> bool:
    """Whether a field's name says that its value is secret: `api_key`, `accessToken`; not `max_tokens`, `token_id`."""
    return _SENSITIVE_FIELD.search(field) is not None


def redact_data(value: Any) -> Any:
    """A copy of a JSON-like value without secrets: telling fields are hidden, texts are searched."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {str(k): _redact_field(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_data(item) for item in value]
    return value


def _redact_field(name: str, value: Any) -> Any:
    # Numbers, flags and nothing are not secrets: a page may ask whether a password was set.
    harmless = value is None or isinstance(value, bool | int | float)
    return HIDDEN if is_sensitive(name) and not harmless else redact_data(value)


class RedactingFilter(logging.Filter):
    """A logging filter that redacts messages and tracebacks, and cuts endless ones; put it on every handler."""

    LONGEST = 50_000

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = f"{record.msg} {record.args}"
        record.msg, record.args = redact(self._cut(message)), None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = redact(self._cut("".join(traceback.format_exception(*record.exc_info)).rstrip()))
        elif record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True

    def _cut(self, text: str) -> str:
        return text if len(text) <= self.LONGEST else f"{text[: self.LONGEST]}… ({len(text)} characters)"
