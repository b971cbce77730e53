"""Moderation of the gateway: the detectors' chain as a guard of prompts and answers, streams included."""

from ceyuan.governance.moderation.guard import ChainGuard

__all__ = ["ChainGuard"]
