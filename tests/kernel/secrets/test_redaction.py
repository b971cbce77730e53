"""Secrets never reach logs."""

from __future__ import annotations

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.kernel.secrets import HIDDEN, RedactingFilter, is_sensitive, redact, redact_data

SECRET = "s3cr3t-Value_0123456789"


@pytest.mark.parametrize(
    "line",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization={SECRET}",
        f'{{"Authorization": "Basic {SECRET}"}}',
        f"sent Bearer {SECRET} to the peer",
        f"password={SECRET}&user=x",
        f"'password': '{SECRET}'",
        f'"api_key" : "{SECRET}"',
        f"client_secret={SECRET}",
        f"postgresql://ceyuan:{SECRET}@db/ceyuan",
        f"Cookie: a=b; session={SECRET}",
        f"Set-Cookie: session={SECRET}; Path=/",
        f"access_token={SECRET};",
        f"call(token={SECRET})",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET.replace('-', '')}\n-----END PRIVATE KEY-----",
        f"key sk-{SECRET}",
        f"hf_{SECRET} was used",
    ],
)
def test_what_looks_like_a_secret_is_hidden(line: str) -> None:
    hidden = redact(line)
    assert SECRET not in hidden
    assert SECRET.replace("-", "") not in hidden
    assert HIDDEN in hidden


@pytest.mark.parametrize(
    "line",
    [
        "max_tokens=5 and 20 tokens were used",
        "job_01kajy9q8w7e6r5t4y3u2i1o0p failed",
        "https://example.org/a:b/c@d",
        "the token was refused",
        "cybersecurity-training-course-hello",
        "重置了密码",
    ],
)
def test_ordinary_lines_stay_as_they_are(line: str) -> None:
    assert redact(line) == line


@pytest.mark.parametrize("field", ["password", "newPassword", "api_key", "X-Api-Key", "client_secret", "accessToken"])
def test_telling_names_are_known(field: str) -> None:
    assert is_sensitive(field)


@pytest.mark.parametrize("field", ["max_tokens", "token_id", "password_set_at", "name", "secretary", "tokens"])
def test_harmless_names_are_left_alone(field: str) -> None:
    assert not is_sensitive(field)


def test_data_is_redacted_in_depth_and_numbers_stay() -> None:
    data = {
        "user": "x",
        "nested": [{"token": SECRET, "count": 1}],
        "has_password": True,
        "note": f"pw password={SECRET}",
    }
    clean = redact_data(data)
    assert SECRET not in str(clean)
    assert clean["nested"][0]["count"] == 1
    assert clean["has_password"] is True


@given(st.text(max_size=500))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def logged(action: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("tests.redaction")
    logger.propagate = False
    logger.addHandler(handler)
    try:
        action(logger)  # type: ignore[operator]
    finally:
        logger.removeHandler(handler)
    return stream.getvalue()


def test_messages_arguments_and_tracebacks_are_redacted() -> None:
    def act(logger: logging.Logger) -> None:
        logger.error("login with password=%s", SECRET)
        logger.error("headers %s", {"Authorization": f"Bearer {SECRET}"})
        try:
            raise ValueError(f"token={SECRET}")
        except ValueError:
            logger.exception("failed")

    out = logged(act)
    assert SECRET not in out
    assert "ValueError" in out


def test_a_wrong_format_does_not_break_logging() -> None:
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "%d things", ("three",), None)
    assert RedactingFilter().filter(record)
    assert record.getMessage() == "%d things ('three',)"
