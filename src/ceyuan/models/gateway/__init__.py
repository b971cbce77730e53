"""The gateway: one door to every served model for the clients people already use (OpenAI's API), and for the rooms
above. It asks who calls, whether they may and can pay, guards prompts and answers, labels what is generated, and
leaves a record of each call that is charged exactly once. Which models there are is serving's business, money is
metering's, what must not be said is governance's.
"""

from ceyuan.models.gateway.app import GatewayApp
from ceyuan.models.gateway.asking import AnswerStream, Said, ask_model, call_model, stream_model
from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.funds import INPUT, OUTPUT, REQUESTS
from ceyuan.models.gateway.moderation import ALLOW, Mask, Moderation, Verdict
from ceyuan.models.gateway.openapi import openapi_paths
from ceyuan.models.gateway.prompt import prompt_sha256
from ceyuan.models.gateway.templates import Filled, PromptTemplates
from ceyuan.models.gateway.totals import Totals, totals_since

__all__ = [
    "ALLOW",
    "INPUT",
    "OUTPUT",
    "REQUESTS",
    "AnswerStream",
    "Call",
    "Filled",
    "GatewayApp",
    "Mask",
    "Moderation",
    "PromptTemplates",
    "Said",
    "Totals",
    "Verdict",
    "ask_model",
    "call_model",
    "openapi_paths",
    "prompt_sha256",
    "stream_model",
    "totals_since",
]
