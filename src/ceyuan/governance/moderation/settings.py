"""Settings of moderation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ceyuan.kernel.settings import Section


class ModerationSettings(Section):
    """What the gateway does with findings."""

    moderation: bool = Field(default=True, description="whether prompts and answers pass the detectors")
    moderation_personal_input: Literal["allow", "flag", "block"] = Field(
        default="flag", description="what personal information in a prompt leads to"
    )
    moderation_personal_output: Literal["allow", "flag", "mask", "block"] = Field(
        default="mask", description="what personal information in an answer leads to"
    )
