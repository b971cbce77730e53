"""Which passwords are accepted (after NIST SP 800-63B, §3.1.1: length and a blocklist, no composition rules).

Instead of a long list of leaked passwords, everything guessable is taken out of the password (common
words, also in leet spelling, keyboard runs, sequences, repeats, years, the person's own names); what
is left must still have `LEFT_OVER` characters. So `Password123456!` fails and any sentence passes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from importlib.resources import files

from ceyuan.identity.errors import WeakPassword

MAX_LENGTH = 256
LEFT_OVER = 6
_WORDS = sorted(files(__package__).joinpath("common_words.txt").read_text("utf-8").split(), key=len, reverse=True)
_RUNS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
)
_LEET = str.maketrans("0134@$5!7", "oleaassit")
_YEAR = re.compile(r"(?:19|20)\d\d")
_REPEAT = re.compile(r"(.{1,4}?)\1{2,}")


def normalise(password: str) -> str:
    """NFKC, so that the same keys on another keyboard or system give the same password (SP 800-63B, §3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, *, min_length: int, personal: Iterable[str] = ()) -> str:
    """Return the normalised password, or raise `WeakPassword` that says what to change.

    `personal` are texts that an attacker knows: the user name, the e-mail address, the display name.
    """
    text = normalise(password)
    if len(text) < min_length:
        raise WeakPassword(
            (f"密码至少 {min_length} 个字符", f"a password has at least {min_length} characters"),
            hint=("可以使用一句只有自己知道的话", "a sentence that only you know is a good one"),
        )
    if len(text) > MAX_LENGTH:
        raise WeakPassword((f"密码最多 {MAX_LENGTH} 个字符", f"a password has at most {MAX_LENGTH} characters"))
    own = [part for value in personal for part in re.split(r"[\s@._-]+", value.casefold()) if len(part) >= 3]
    left = _without_guessable(text.casefold(), own)
    if len(left) < LEFT_OVER or len(set(text)) < 5:
        raise WeakPassword(
            ("密码太容易被猜到", "the password is too easy to guess"),
            hint=(
                "请勿使用常见词、连续或重复字符、年份、用户名或邮箱",
                "avoid common words, sequences, repeats, years, your user name and e-mail address",
            ),
        )
    return text


def _without_guessable(text: str, own: Iterable[str]) -> str:
    """What remains of `text` when everything that guessers try first is cut out."""
    for word in sorted(own, key=len, reverse=True):
        text = text.replace(word, "")
    plain = text.translate(_LEET)
    for word in _WORDS:
        # The leet reading has the same length, so positions carry over.
        while (at := plain.find(word)) >= 0:
            plain, text = plain[:at] + plain[at + len(word) :], text[:at] + text[at + len(word) :]
    text = _YEAR.sub("", text)
    text = _REPEAT.sub("", text)
    return _without_runs(text)


def _without_runs(text: str) -> str:
    """`text` without pieces of four or more characters of a keyboard row or sequence, read either way."""
    rows = [r for run in _RUNS for r in (run, run[::-1])]
    out, at = [], 0
    while at < len(text):
        longest = 0
        for row in rows:
            length = 0
            while at + length < len(text) and text[at : at + length + 1] in row:
                length += 1
            longest = max(longest, length)
        if longest >= 4:
            at += longest
        else:
            out.append(text[at])
            at += 1
    return "".join(out)
