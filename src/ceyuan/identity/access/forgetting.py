"""Which events make the gate forget which credentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ceyuan.identity.access.credential import Credential
from ceyuan.identity.access.gate import Gate
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform

Concerns = Callable[[Credential, Mapping[str, Any]], bool]


def _of_token(found: Credential, data: Mapping[str, Any]) -> bool:
    return bool(found.id == data["token_id"])


def _of_sessions(found: Credential, data: Mapping[str, Any]) -> bool:
    return found.id in data["session_ids"]


def _of_person(found: Credential, data: Mapping[str, Any]) -> bool:
    person_id: str = data["person_id"]
    return (found.profile is not None and found.profile.id == person_id) or found.actor.impersonator == person_id


def _of_organisation(found: Credential, data: Mapping[str, Any]) -> bool:
    org_id: str = data["org_id"]
    return org_id in found.actor.roles or found.org_id == org_id


CONCERNS: dict[str, Concerns] = {
    "identity.token_revoked": _of_token,
    "identity.sessions_ended": _of_sessions,
    "identity.person_changed": _of_person,
    "identity.membership_changed": _of_person,
    "identity.organisation_changed": _of_organisation,
    "identity.organisation_closed": _of_organisation,
    "identity.organisation_renamed": _of_organisation,
}


class Forgetter:
    """Hears identity events of this process at once, and those of others through the outbox."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def hear(self, topic: str, data: Mapping[str, Any]) -> None:
        """Forget the credentials that the event concerns."""
        concerns = CONCERNS.get(topic)
        if concerns is not None:
            self._gate.forget(lambda found: concerns(found, data))

    def subscribe(self, platform: Platform) -> None:
        """Listen to the outbox too."""

        async def heard(_platform: Platform, event: Event) -> None:
            self.hear(event.topic, event.data)

        for topic in CONCERNS:
            platform.subscriptions.on_volatile(topic, heard)
