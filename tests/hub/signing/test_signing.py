from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ceyuan.hub.signing import statement_of
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets.vault import verify_signature
from ceyuan.sdk.hub import Hub
from tests.hub.conftest import As
from tests.hub.protocol.world import HubClient

KEYS = "/api/v1/signing-keys"
URL = "/api/v1/repositories/model/demo/m/signatures"


async def test_a_revision_is_signed_by_its_people_and_checked_by_anybody(platform: Platform, signed_in: As) -> None:
    client = HubClient(signed_in("member"))
    made = (await client.create(private=False)).json()["id"]
    await client.commit({"a/b.txt": b"one", "a/c/d.txt": b"two", "w.txt": b""})
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    assert (await signed_in("").post(KEYS, json={"name": "k", "public_key": public.hex()})).status_code == 401
    key = (await client.http.post(KEYS, json={"name": "k", "public_key": public.hex()})).json()
    again = await signed_in("outsider").post(KEYS, json={"name": "k", "public_key": public.hex()})
    assert again.json()["code"] == "signing_key_exists"
    seen = (await signed_in("").get(URL)).json()
    assert seen["statement"].encode() == statement_of(made, seen["commit"], seen["tree"])
    signature = private.sign(seen["statement"].encode()).hex()
    wrong = await client.http.post(URL, json={"key_id": key["id"], "signature": "00" * 64})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "signature_wrong")
    theirs = await signed_in("outsider").post(URL, json={"key_id": key["id"], "signature": signature})
    assert theirs.status_code == 403
    assert (await client.http.post(URL, json={"key_id": key["id"], "signature": signature})).status_code == 204
    platform_one, own = (await signed_in("").get(URL)).json()["signatures"]
    assert (own["by"], own["valid"], own["revoked"]) == ("member", True, False)
    for each in (platform_one, own):
        words = seen["statement"].encode()
        assert verify_signature(bytes.fromhex(each["public_key"]), words, bytes.fromhex(each["signature"]))
    assert (await client.http.delete(f"{KEYS}/{key['id']}")).status_code == 204
    assert (await signed_in("").get(URL)).json()["signatures"][1]["revoked"] is True
    late = await client.http.post(URL, json={"key_id": key["id"], "signature": signature})
    assert late.json()["code"] == "signature_wrong"


async def test_the_signed_content_can_be_computed_from_the_list_of_files(signed_in: As) -> None:
    client = HubClient(signed_in("member"))
    await client.create()
    await client.commit({"a/b.txt": b"one", "a/c/d.txt": b"two", "中文.md": b"x", "sha256": b"a name", "a.b": b"."})
    tree = (await client.http.get("/api/v1/repositories/model/demo/m/tree?recursive=1")).json()
    assert Hub.tree_id(tree["items"]) == tree["tree"]


async def test_an_outsider_sees_no_signatures_of_what_is_private(signed_in: As) -> None:
    await HubClient(signed_in("member")).create()
    assert (await signed_in("outsider").get(URL)).status_code == 404
