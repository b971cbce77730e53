"""Opaque credentials."""

from __future__ import annotations

from ceyuan.identity.credentials import TOKEN_PREFIX, fingerprint, is_credential, new_credential, readable_password
from ceyuan.kernel.secrets import redact


def test_a_credential_is_recognised_by_prefix_and_check_characters() -> None:
    token = new_credential(TOKEN_PREFIX)
    assert token.startswith("cyk_")
    assert is_credential(token, TOKEN_PREFIX)
    assert not is_credential(token, "cys_")


def test_a_mistyped_credential_is_refused_without_a_look_up() -> None:
    token = new_credential(TOKEN_PREFIX)
    swapped = token[:10] + ("a" if token[10] != "a" else "b") + token[11:]
    assert not is_credential(swapped, TOKEN_PREFIX)
    assert not is_credential(token[:-1], TOKEN_PREFIX)
    assert not is_credential(f"{token[:-1]}é", TOKEN_PREFIX)


def test_credentials_do_not_repeat_and_are_known_by_their_hash() -> None:
    tokens = {new_credential(TOKEN_PREFIX) for _ in range(200)}
    assert len(tokens) == 200
    assert all(len(fingerprint(token)) == 64 and token not in fingerprint(token) for token in tokens)


def test_logs_never_show_a_credential() -> None:
    token = new_credential(TOKEN_PREFIX)
    assert token not in redact(f"got {token} from somebody")


def test_a_first_password_can_be_typed() -> None:
    password = readable_password()
    assert len(password) == 23
    assert not set(password) & set("01oil")
