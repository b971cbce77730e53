"""Every reason that a reader or a visitor gives has its words."""

import ast
from pathlib import Path

import ceyuan.data
from ceyuan.data.readers.reasons import SET_ASIDE

ROOMS = ("readers", "crawling", "mirroring")
GIVEN = {"Rejection": 1, "Refused": 0, "NotHad": 0, "_set_aside": 1, "Line": 2}
"""The place of the reason among the arguments of what gives one."""


def test_every_reason_has_words_in_both_languages() -> None:
    given = set()
    root = Path(ceyuan.data.__file__).parent
    for path in (one for room in ROOMS for one in (root / room).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = GIVEN.get(name)
            if place is not None and len(node.args) > place:
                constants = [one for one in ast.walk(node.args[place]) if isinstance(one, ast.Constant)]
                given |= {one.value for one in constants if isinstance(one.value, str)}
    given -= {"", "http_"}
    assert len(given) > 25
    assert given - set(SET_ASIDE) == set()
    assert all(zh != en for zh, en in SET_ASIDE.values())
