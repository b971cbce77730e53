"""One hierarchy of errors: status, code, message in both languages and a hint that says how to mend it.

Over HTTP an error becomes an `application/problem+json` document (RFC 9457); in the command line it
becomes one line. Rooms subclass the classes below in their own `errors.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

Language = Literal["zh", "en"]
Text = tuple[str, str]
"""A text for people: (Chinese, English)."""


def choose(text: Text, language: Language) -> str:
    """The wording of `text` in `language`."""
    return text[0] if language == "zh" else text[1]


class CeyuanError(Exception):
    """The base of every error that a user may see.

    `status` is the HTTP status, `code` a stable snake_case word that programs may test, `title` the
    class of problem. `message` says what is wrong this time, `hint` how to mend it, `fields` carries
    machine-readable details (they become members of the problem document).
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[Text] = ("平台内部错误", "Internal error")

    def __init__(self, message: Text | None = None, *, hint: Text | None = None, **fields: Any) -> None:
        self.message: Text = message or self.title
        self.hint = hint
        self.fields: Mapping[str, Any] = fields
        super().__init__(self.message[1])

    def problem(self, language: Language = "en") -> dict[str, Any]:
        """The RFC 9457 document: type, title, status, detail, and our members code and hint."""
        body: dict[str, Any] = {
            "type": f"urn:ceyuan:problem:{self.code}",
            "title": choose(self.title, language),
            "status": self.status,
            "detail": choose(self.message, language),
            "code": self.code,
        }
        if self.hint is not None:
            body["hint"] = choose(self.hint, language)
        return {**self.fields, **body}

    def line(self, language: Language = "en") -> str:
        """One line for a terminal: what is wrong and, after a dash, how to mend it."""
        text = choose(self.message, language)
        return f"{text} — {choose(self.hint, language)}" if self.hint else text


class Invalid(CeyuanError):
    """The request's content breaks a rule."""

    status = 422
    code = "invalid"
    title = ("内容无效", "Invalid content")


class Unauthenticated(CeyuanError):
    """Nobody, or somebody whose credential is not good."""

    status = 401
    code = "unauthenticated"
    title = ("需要登录", "Sign-in required")


class PaymentRequired(CeyuanError):
    """No balance or voucher covers the call."""

    status = 402
    code = "payment_required"
    title = ("余额不足", "Insufficient balance")


class Forbidden(CeyuanError):
    """Somebody who may not."""

    status = 403
    code = "forbidden"
    title = ("没有权限", "Not allowed")


class NotFound(CeyuanError):
    """No such thing, or nothing that this actor may know of."""

    status = 404
    code = "not_found"
    title = ("未找到", "Not found")


class Conflict(CeyuanError):
    """The thing's present state does not allow it."""

    status = 409
    code = "conflict"
    title = ("状态冲突", "Conflict")


class TooLarge(CeyuanError):
    """More bytes than allowed."""

    status = 413
    code = "too_large"
    title = ("内容过大", "Too large")


class TooManyRequests(CeyuanError):
    """Faster or more than allowed; `retry_after_s` says when to come back."""

    status = 429
    code = "too_many_requests"
    title = ("请求过于频繁", "Too many requests")


class QuotaExceeded(TooManyRequests):
    """A hard quota is used up."""

    code = "quota_exceeded"
    title = ("配额已用尽", "Quota exceeded")


class Unavailable(CeyuanError):
    """A part that is needed does not answer now."""

    status = 503
    code = "unavailable"
    title = ("暂时不可用", "Temporarily unavailable")


class MissingExtra(Unavailable):
    """A feature needs an extra that is not installed."""

    code = "missing_extra"
    title = ("缺少可选组件", "Optional component missing")

    def __init__(self, extra: str, feature: Text) -> None:
        super().__init__(
            (f"{feature[0]}需要可选组件 {extra}", f"{feature[1]} needs the extra “{extra}”"),
            hint=(f"请运行 pip install 'ceyuan[{extra}]'", f"run pip install 'ceyuan[{extra}]'"),
            extra=extra,
        )
