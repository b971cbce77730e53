"""Platform duties: offices that a person holds for the whole platform, beside the roles in organisations."""

from __future__ import annotations

from dataclasses import dataclass

from ceyuan.kernel.errors import Invalid, Text
from ceyuan.kernel.platform import Platform


@dataclass(frozen=True, slots=True)
class Duty:
    """Hook: an office that administrators may grant; upper rooms `platform.provide(Duty, Duty(...))` their own."""

    name: str
    title: Text


BASE_DUTIES = (
    Duty("operator", ("运维", "Operator")),
    Duty("auditor", ("审计员", "Auditor")),
    Duty("reviewer", ("评审专家", "Reviewer")),
    Duty("programme_officer", ("项目官员", "Programme officer")),
    Duty("regulator", ("监管人员", "Regulator")),
    Duty("annotator", ("标注员", "Annotator")),
)


def known_duties(platform: Platform) -> dict[str, Duty]:
    """Every duty that may be granted, by name."""
    return {duty.name: duty for duty in (*BASE_DUTIES, *platform.find(Duty))}


def check_duties(platform: Platform, names: set[str]) -> set[str]:
    """Return `names` if each is a known duty, else raise `Invalid`."""
    known = known_duties(platform)
    if strange := sorted(names - set(known)):
        raise Invalid(
            (f"未知的平台职责:{'、'.join(strange)}", f"unknown duties: {', '.join(strange)}"),
            hint=(f"可用:{'、'.join(known)}", f"use: {', '.join(known)}"),
        )
    return names
