"""Which paths a `.gitignore` ignores (https://git-scm.com/docs/gitignore#_pattern_format)."""

from __future__ import annotations

import re
from collections.abc import Callable

_MOST_LINES = 2000
_MOST_LENGTH = 500


def ignored_by(text: str) -> Callable[[str], bool]:
    """A test for paths relative to the folder of the `.gitignore` with this content; the last rule that fits wins."""
    rules = []
    for line in text.splitlines()[:_MOST_LINES]:
        rule = line.rstrip()
        if rule and not rule.startswith("#") and len(rule) <= _MOST_LENGTH:
            keeps = rule.startswith("!")
            rules.append((_compiled(rule.removeprefix("!").removeprefix("\\")), keeps))

    def is_ignored(path: str) -> bool:
        for pattern, keeps in reversed(rules):
            if pattern.fullmatch(path):
                return not keeps
        return False

    return is_ignored


def _compiled(rule: str) -> re.Pattern[str]:
    anchored = "/" in rule.rstrip("/")
    body = rule.strip("/")
    pattern = "" if anchored else "(?:.*/)?"
    at = 0
    while at < len(body):
        if body.startswith("**/", at):
            pattern, at = pattern + "(?:.*/)?", at + 3
        elif body.startswith("**", at):
            pattern, at = pattern + ".*", at + 2
        elif body[at] == "*":
            pattern, at = pattern + "[^/]*", at + 1
        elif body[at] == "?":
            pattern, at = pattern + "[^/]", at + 1
        elif body[at] == "[" and (end := body.find("]", at + 2)) > 0:
            inner = body[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            pattern, at = pattern + f"[{'^' + inner[1:] if inner[0] in '!^' else inner}]", end + 1
        else:
            pattern, at = pattern + re.escape(body[at]), at + 1
    # A rule that names a folder ignores all that is in it; only with a slash at its end it spares files.
    ending = "/.*" if rule.endswith("/") else "(?:/.*)?"
    try:
        return re.compile(pattern + ending)
    except re.error:
        return re.compile(re.escape(body) + ending)
