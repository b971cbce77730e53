"""The client's side of OpenID Connect: discovery, authorization request, code exchange, ID token.

Built on Authlib; the HTTP clients are imported when somebody signs on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ceyuan.identity.errors import SignOnFailed
from ceyuan.kernel.errors import Text
from ceyuan.lazy import later

if TYPE_CHECKING:
    import aiohttp
else:
    aiohttp = later("aiohttp")

_METADATA_S = 3600.0
_TIMEOUT_S = 10.0
_LEEWAY_S = 120
_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
"""Signatures that only the provider can make; `none` and shared-secret ones are refused."""


@dataclass(frozen=True, slots=True)
class Client:
    """We, as the provider knows us."""

    issuer: str
    client_id: str
    client_secret: str | None
    scope: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of who signed on."""

    subject: str
    email: str | None
    email_verified: bool
    name: str | None
    others: dict[str, Any]


def _failed(zh: str, en: str) -> SignOnFailed:
    words: Text = (zh, en)
    return SignOnFailed(
        words, hint=("请重试;若仍失败请联系管理员", "try again; if it fails again, tell an administrator")
    )


class Providers:
    """Knows the metadata and keys of providers, for an hour each."""

    def __init__(self) -> None:
        self._metadata: dict[str, tuple[float, dict[str, Any]]] = {}
        self._keys: dict[str, tuple[float, dict[str, Any]]] = {}

    async def metadata(self, issuer: str) -> dict[str, Any]:
        """The provider's document; it must name the issuer exactly (OpenID Connect Discovery 1.0, §4.3)."""
        known = self._metadata.get(issuer)
        if known is not None and time.monotonic() - known[0] < _METADATA_S:
            return known[1]
        document = await _get_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if document.get("issuer") != issuer or not all(isinstance(document.get(k), str) for k in wanted):
            raise _failed("身份提供方的元数据与配置不符", "the provider's metadata does not fit its issuer")
        self._metadata[issuer] = (time.monotonic(), document)
        return document

    async def keys(self, issuer: str, *, fresh: bool = False) -> dict[str, Any]:
        """The provider's public keys (a JWK set)."""
        known = self._keys.get(issuer)
        if known is not None and not fresh and time.monotonic() - known[0] < _METADATA_S:
            return known[1]
        document = await _get_json((await self.metadata(issuer))["jwks_uri"])
        self._keys[issuer] = (time.monotonic(), document)
        return document

    async def authorization_url(self, client: Client, *, state: str, nonce: str, verifier: str) -> str:
        """Where to send the browser."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        metadata = await self.metadata(client.issuer)
        url: str = prepare_grant_uri(
            metadata["authorization_endpoint"],
            client_id=client.client_id,
            response_type="code",
            redirect_uri=client.redirect_uri,
            scope=client.scope,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return url

    async def claims(self, client: Client, *, code: str, verifier: str, nonce: str, now: datetime) -> Claims:
        """Exchange the code and check the ID token (Core 1.0, §3.1.3.7); raises `SignOnFailed`."""
        token = await self._exchange(client, code, verifier)
        checked = await self._check(client, token, nonce, now)
        if checked.get("email") is None and isinstance(token.get("access_token"), str):
            checked |= await self._userinfo(client, token["access_token"], checked["sub"])
        email = checked.get("email")
        verified = checked.get("email_verified")
        return Claims(
            subject=str(checked["sub"])[:255],
            email=str(email) if email else None,
            email_verified=verified is True or verified == "true",
            name=str(checked["name"]) if checked.get("name") else None,
            others=checked,
        )

    async def _exchange(self, client: Client, code: str, verifier: str) -> dict[str, Any]:
        from authlib.common.errors import AuthlibBaseError
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        metadata = await self.metadata(client.issuer)
        offered = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        method = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
        session = AsyncOAuth2Client(
            client_id=client.client_id,
            client_secret=client.client_secret,
            token_endpoint_auth_method=method if client.client_secret else "none",
            timeout=_TIMEOUT_S,
            trust_env=False,
        )
        try:
            async with session:
                token: dict[str, Any] = await session.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=client.redirect_uri,
                    code_verifier=verifier,
                )
        except AuthlibBaseError as error:
            raise _failed(f"身份提供方拒绝了登录:{error.error}", f"the provider refused: {error.error}") from error
        except Exception as error:
            raise _failed("无法从身份提供方取得令牌", "the provider gave no token") from error
        return dict(token)

    async def _check(self, client: Client, token: dict[str, Any], nonce: str, now: datetime) -> dict[str, Any]:
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError, JoseError
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        metadata = await self.metadata(client.issuer)
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        registry = JWSRegistry(algorithms=sorted(_ALGORITHMS.intersection(offered)), strict_check_header=False)
        raw = token.get("id_token")
        if not isinstance(raw, str):
            raise _failed("身份提供方没有返回 ID 令牌", "the provider sent no ID token")
        try:
            try:
                keys = KeySet.import_key_set(await self.keys(client.issuer))  # type: ignore[arg-type]
                decoded = jwt.decode(raw, key=keys, registry=registry)
            except InvalidKeyIdError:
                keys = KeySet.import_key_set(await self.keys(client.issuer, fresh=True))  # type: ignore[arg-type]
                decoded = jwt.decode(raw, key=keys, registry=registry)
            options = {"iss": {"essential": True, "value": client.issuer}, "aud": {"value": client.client_id}}
            params = {"nonce": nonce, "client_id": client.client_id, "access_token": token.get("access_token")}
            claims = CodeIDToken(decoded.claims, decoded.header, options, params)
            claims.validate(now=int(now.timestamp()), leeway=_LEEWAY_S)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _failed("身份提供方的 ID 令牌无效", "the provider's ID token is not valid") from error
        return dict(claims)

    async def _userinfo(self, client: Client, access_token: str, subject: str) -> dict[str, Any]:
        url = (await self.metadata(client.issuer)).get("userinfo_endpoint")
        if not isinstance(url, str):
            return {}
        answer = await _get_json(url, {"authorization": f"Bearer {access_token}"})
        # Core 1.0, §5.3.2: an answer about somebody else must not be used.
        return answer if answer.get("sub") == subject else {}


async def _get_json(url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    try:
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url, headers=headers) as response:
            response.raise_for_status()
            document = await response.json(content_type=None)
    except (TimeoutError, aiohttp.ClientError, ValueError) as error:
        raise _failed("无法连接身份提供方", "the identity provider cannot be reached") from error
    if not isinstance(document, dict):
        raise _failed("身份提供方的回答无效", "the identity provider's answer makes no sense")
    return document
