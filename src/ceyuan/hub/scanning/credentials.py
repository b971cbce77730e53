"""Secrets in text, by their form: keys and tokens that open something, which nobody means to publish."""

from __future__ import annotations

import re

from ceyuan.hub.scanning.findings import Finding

_MOST = 20
_FORMS: tuple[tuple[str, str, str, re.Pattern[str]], ...] = (
    ("private_key", "私钥", "a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----")),
    ("aws_key", "AWS 访问密钥", "an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    (
        "github_token",
        "GitHub 令牌",
        "a GitHub token",
        re.compile(r"\b(?:gh[pousr]_\w{36,255}|github_pat_\w{22,99})\b"),
    ),
    ("hub_token", "Hugging Face 令牌", "a Hugging Face token", re.compile(r"\bhf_[A-Za-z]{34}\b")),
    ("openai_key", "OpenAI 密钥", "an OpenAI key", re.compile(r"\bsk-(?:proj-)?[A-Za-z0-9_-]{32,200}\b")),
    ("slack_token", "Slack 令牌", "a Slack token", re.compile(r"\bxox[baprs]-[0-9A-Za-z-]{10,250}\b")),
    ("google_key", "Google 密钥", "a Google key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("aliyun_key", "阿里云访问密钥", "an Alibaba Cloud key", re.compile(r"\bLTAI[0-9A-Za-z]{12,30}\b")),
    ("tencent_key", "腾讯云访问密钥", "a Tencent Cloud key", re.compile(r"\bAKID[0-9A-Za-z]{32}\b")),
    (
        "web_token",
        "JWT 令牌",
        "a signed web token",
        re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}\b"),
    ),
    (
        "password_url",
        "网址中的密码",
        "a password in an address",
        re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"<>{}$]{1,64}:[^\s/:@'\"<>{}$*]{6,128}@[\w.-]+"),
    ),
)


def scan_text(text: str) -> list[Finding]:
    """The secrets in a text, by line; what is found is shown by its first four characters only."""
    found: list[Finding] = []
    for code, zh, en, pattern in _FORMS:
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            shown = match.group(0)[:4] + "…"
            found.append(
                Finding(
                    "unsafe", code, shown, f"第 {line} 行疑似含有{zh}", f"line {line} seems to hold {en}", str(line)
                )
            )
            if len(found) >= _MOST:
                return found
    return found
