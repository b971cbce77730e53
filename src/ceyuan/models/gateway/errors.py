"""Refusals and faults of the gateway. Over `/v1` they take the shape that OpenAI's clients understand."""

from __future__ import annotations

from ceyuan.kernel.errors import (
    CeyuanError,
    Forbidden,
    NotFound,
    Text,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

AGAIN: Text = ("请稍后重试", "try again in a moment")


class ClientGone(Exception):
    """The client left before its request was whole: nobody is there to answer."""


class BadRequest(CeyuanError):
    """The request cannot be understood."""

    status = 400
    code = "invalid_request"
    title = ("请求无效", "Invalid request")


class ContentBlocked(CeyuanError):
    """The moderation refused the prompt; `clause` names the rule."""

    status = 400
    code = "content_filter"
    title = ("内容未通过安全审核", "The content was refused by moderation")


class InvalidKey(Unauthenticated):
    """No key, or one that is unknown, revoked or expired."""

    code = "invalid_api_key"
    title = ("API 密钥无效", "Invalid API key")


class KeyForbidden(Forbidden):
    """The key may not call this."""

    code = "key_forbidden"
    title = ("该密钥无权调用", "The key may not do this")


class UnknownRoute(NotFound):
    """No such path, or not with this method."""

    code = "unknown_url"
    title = ("没有这个接口", "No such endpoint")


class WrongMethod(CeyuanError):
    """The path exists, but not for this method."""

    status = 405
    code = "method_not_allowed"
    title = ("不支持该方法", "Method not allowed")


class ModelUnknown(NotFound):
    """No model of this name that the caller may use."""

    code = "model_not_found"
    title = ("没有这个模型", "No such model")

    def __init__(self, name: str) -> None:
        super().__init__(
            (f"模型“{name}”不存在或未对您开放", f"the model “{name}” does not exist or is not open to you"),
            hint=("GET /v1/models 列出可用模型", "GET /v1/models lists the models that you can use"),
        )


class ToolChoiceUnsupported(BadRequest):
    """The call demands a tool, and no server of the model can be made to call one."""

    code = "tool_choice_unsupported"
    title = ("该模型不支持强制调用工具", "The model cannot be made to call a tool")


class BodyTooLarge(TooLarge):
    """The request body is larger than allowed."""

    code = "request_too_large"


class RateLimited(TooManyRequests):
    """More requests or tokens per minute than the key's limit."""

    code = "rate_limit_exceeded"


class TooManyAtOnce(TooManyRequests):
    """More calls at once than allowed."""

    code = "concurrency_limit_exceeded"
    title = ("并发请求过多", "Too many calls at once")


class Overloaded(Unavailable):
    """The gateway cannot take more calls now."""

    code = "overloaded"
    title = ("网关繁忙", "The gateway is busy")


class UpstreamFault(CeyuanError):
    """The model's server failed or could not be reached."""

    status = 502
    code = "upstream_error"
    title = ("模型服务出错", "The model's server failed")


class UnreachableUpstream(UpstreamFault):
    """The model's server could not be reached: it has not seen the request."""


class UpstreamTimeout(CeyuanError):
    """The model's server took too long."""

    status = 504
    code = "upstream_timeout"
    title = ("模型服务超时", "The model's server took too long")


class DataStaysInside(Forbidden):
    """Every server of the model lies outside, where the data of the call must not go."""

    code = "data_stays_inside"
    title = ("数据不得外发", "The data must stay inside")


class NoReplica(Unavailable):
    """No server of the model can be asked now."""

    code = "no_replica"
    title = ("没有可用的模型服务", "No server of the model can be asked")


class RepeatedDifferently(CeyuanError):
    """The idempotency key was used before, for another request or one that still runs."""

    status = 409
    code = "idempotency_conflict"
    title = ("幂等键冲突", "The idempotency key was used already")


class JournalFault(Unavailable):
    """The usage journal cannot be written, so no call may go ahead."""

    code = "journal_unavailable"
    title = ("用量日志不可写", "The usage journal cannot be written")
