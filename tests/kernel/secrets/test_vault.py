"""The vault: sealing, keys, signatures, and key files that others could read."""

from __future__ import annotations

import base64
import json
import os
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from ceyuan.kernel.secrets import KeyFault, SecretSettings, UnsealFault, Vault, open_vault, verify_signature
from ceyuan.kernel.secrets.keyring import Keyring, parse


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return open_vault(SecretSettings(), tmp_path)


@given(plain=st.binary(max_size=200), context=st.text(max_size=30))
@settings(deadline=None)
def test_what_was_sealed_opens_in_its_context_only(plain: bytes, context: str) -> None:
    vault = Vault(Keyring.fresh())
    sealed = vault.encrypt(plain, context)
    assert vault.decrypt(sealed, context) == plain
    assert len(sealed) == len(plain) + 100
    with pytest.raises(UnsealFault):
        vault.decrypt(sealed, context + "x")


@given(st.data())
@settings(deadline=None)
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    vault = Vault(Keyring.fresh())
    sealed = bytearray(vault.encrypt(b"secret", "here"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(UnsealFault):
        vault.decrypt(bytes(sealed), "here")
    cut = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(UnsealFault):
        vault.decrypt(bytes(sealed[:cut]), "here")


def test_the_same_secret_is_never_sealed_the_same_way(vault: Vault) -> None:
    assert len({vault.encrypt(b"secret", "here") for _ in range(10)}) == 10


def test_the_key_file_is_made_once_and_closed_to_others(vault: Vault, tmp_path: Path) -> None:
    assert vault.path == tmp_path / "keys" / "master.json"
    assert vault.path.stat().st_mode & 0o777 == 0o600
    again = open_vault(SecretSettings(), tmp_path)
    assert again.decrypt(vault.encrypt(b"x", "c"), "c") == b"x"


def test_two_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(open_vault(SecretSettings(), tmp_path).current_key_id))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_key_file_that_others_can_reach_is_refused_with_a_hint(vault: Vault, tmp_path: Path, mode: int) -> None:
    assert vault.path is not None
    vault.path.chmod(mode)
    with pytest.raises(KeyFault) as caught:
        open_vault(SecretSettings(), tmp_path)
    assert caught.value.hint is not None
    assert f"chmod 600 {vault.path}" in caught.value.hint[1]


def test_a_missing_key_file_beside_existing_data_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(KeyFault):
        open_vault(SecretSettings(), tmp_path, create=False)
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    "content", ["", "junk", "{}", "[]", '{"format": "ceyuan-keys-1", "masters": [], "seeds": []}', "{", "QUJD"]
)
def test_a_damaged_key_file_is_one_clear_error(vault: Vault, tmp_path: Path, content: str) -> None:
    assert vault.path is not None
    vault.path.write_text(content)
    with pytest.raises(KeyFault):
        open_vault(SecretSettings(), tmp_path)


def test_the_key_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CEYUAN_MASTER_KEY", base64.b64encode(os.urandom(32)).decode())
    first, second = (open_vault(SecretSettings(), tmp_path) for _ in range(2))
    assert first.path is None
    assert second.decrypt(first.encrypt(b"x", "c"), "c") == b"x"
    assert second.public_key("audit") == first.public_key("audit")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyFault):
        first.add_master_key()


def test_a_whole_key_file_may_come_from_the_environment(tmp_path: Path) -> None:
    keyring = Keyring.fresh().with_new_master()
    settings = SecretSettings(master_key=SecretStr(keyring.dump()))
    old = Vault(Keyring(keyring.masters[1:], keyring.seeds))
    assert open_vault(settings, tmp_path).decrypt(old.encrypt(b"x", "c"), "c") == b"x"


def test_a_keyring_survives_its_document_and_hides_its_keys() -> None:
    keyring = Keyring.fresh().with_new_master().with_new_seed()
    assert parse(keyring.dump(), "here") == keyring
    for secret in json.loads(keyring.dump())["masters"]:
        assert secret not in repr(keyring)


def test_after_a_rotation_old_values_open_until_they_are_rewrapped(vault: Vault) -> None:
    old = vault.encrypt(b"x", "c")
    first = vault.current_key_id
    vault.add_master_key()
    assert vault.key_ids[1] == first
    assert vault.decrypt(old, "c") == b"x"
    new = vault.rewrap(old)
    assert vault.key_id_of(new) == vault.current_key_id != first
    assert vault.rewrap(new) == new
    vault.retire_old_masters()
    assert vault.decrypt(new, "c") == b"x"
    with pytest.raises(UnsealFault, match=first):
        vault.decrypt(old, "c")


def test_a_process_learns_of_a_rotation_by_another(vault: Vault, tmp_path: Path) -> None:
    other = open_vault(SecretSettings(), tmp_path)
    other.add_master_key()
    other.add_signing_seed()
    assert vault.decrypt(other.encrypt(b"x", "c"), "c") == b"x"
    assert vault.verify("audit", b"m", other.sign("audit", b"m"))


def test_signatures_are_checked_by_name_message_and_key(vault: Vault) -> None:
    signature = vault.sign("audit", b"message")
    assert vault.verify("audit", b"message", signature)
    assert not vault.verify("audit", b"other", signature)
    assert not vault.verify("reports", b"message", signature)
    assert verify_signature(vault.public_key("audit"), b"message", signature.value)
    assert not verify_signature(b"short", b"message", signature.value)


def test_a_public_key_is_exported_as_pem(vault: Vault) -> None:
    key = load_pem_public_key(vault.public_key_pem("reports").encode())
    assert isinstance(key, Ed25519PublicKey)
    assert key.public_bytes_raw() == vault.public_key("reports")
    key.verify(vault.sign("reports", b"m").value, b"m")
