"""How git is spoken to over HTTP: who must say who they are, and refusals that its users read."""

from __future__ import annotations

from collections.abc import Mapping

from ceyuan.hub.errors import GatedRepository, RepositoryNotFound
from ceyuan.hub.git import FLUSH, line
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.protocol.call import Call
from ceyuan.hub.protocol.routing import Handler
from ceyuan.kernel.errors import CeyuanError, Unauthenticated
from ceyuan.kernel.web import language_of

BAND = 65_000
LFS = "application/vnd.git-lfs+json"
UNCHANGED = {"cache-control": "no-cache, max-age=0, must-revalidate"}


async def answered(call: Call, answer: Handler) -> Reply:
    """The answer. Whoever is not known and may not have it is asked who they are, there or not: git sends what it
    knows of its user only when it is asked. Refusals come in the form that git or git-lfs shows."""
    try:
        return await answer(call)
    except (RepositoryNotFound, GatedRepository, Unauthenticated) as error:
        if call.actor.is_known:
            return _told(call, error)
        asked = {"www-authenticate": 'Basic realm="ceyuan"', "content-type": "application/problem+json"}
        return json_reply(Unauthenticated().problem(language_of(call.request)), 401, asked)
    except CeyuanError as error:
        return _told(call, error)


def _told(call: Call, error: CeyuanError) -> Reply:
    agent = call.request.headers.get("user-agent", "")
    if agent.startswith("git-lfs/"):
        return json_reply({"message": words(call, error).strip()}, error.status, {"content-type": LFS})
    if not agent.startswith("git/"):
        raise error
    body = words(call, error).encode()
    return Reply(error.status, {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body))}, body)


def words(call: Call, error: CeyuanError) -> str:
    """What a refusal says, and what can be done, in the client's language."""
    at = 0 if language_of(call.request) == "zh" else 1
    return "\n".join(each[at] for each in (error.message, error.hint) if each is not None and each[at]) + "\n"


def advertisement(service: str, refs: Mapping[str, str], capabilities: str) -> Reply:
    """The references by name and what they are on, the capabilities behind the first."""
    parts = [line(f"# service={service}"), FLUSH]
    for number, (name, oid) in enumerate((refs or {"capabilities^{}": "0" * 40}).items()):
        said = f"\0{capabilities}" if number == 0 else ""
        parts.append(line(f"{oid} {name}{said}"))
    body = b"".join([*parts, FLUSH])
    head = {"content-type": f"application/x-{service}-advertisement", "content-length": str(len(body))}
    return Reply(200, {**head, **UNCHANGED}, body)
