"""A real OpenID provider, made of Authlib's server side, on loopback HTTP.

It asks for no consent: whoever comes is signed on as `subject`. What a dishonest or broken provider might
do can be set on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, jsonify, request
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT_ID, CLIENT_SECRET = "ceyuan", "a secret between the two"


@dataclass
class Code(AuthorizationCodeMixin):
    """An authorization code that waits for its exchange."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str
    challenge: str | None
    method: str | None
    made_at: float = field(default_factory=time.time)

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(self.made_at)

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None

    @property
    def code_challenge(self) -> str | None:
        return self.challenge

    @property
    def code_challenge_method(self) -> str | None:
        return self.method


@dataclass
class User:
    """Who is signed on at the provider."""

    subject: str = "u-1"
    claims: dict[str, Any] = field(default_factory=dict)

    def get_user_id(self) -> str:
        return self.subject


class Client(ClientMixin):
    """The platform, as the provider knows it."""

    def __init__(self, redirect_uris: set[str]) -> None:
        self.redirect_uris = redirect_uris

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return next(iter(self.redirect_uris))

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Provider:
    """The provider's state and the faults that a test may give it."""

    user: User = field(default_factory=User)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig"}))
    signing_key: RSAKey | None = None
    claimed_issuer: str | None = None
    claimed_audience: str | None = None
    forced_nonce: str | None = None
    lifetime_s: int = 300
    in_userinfo_only: bool = False
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    seen: list[dict[str, str]] = field(default_factory=list)
    redirect_uris: set[str] = field(default_factory=set)
    issuer: str = ""

    def claims(self) -> dict[str, Any]:
        return {"sub": self.user.subject} | self.user.claims


def _code_grant(provider: Provider) -> type[grants.AuthorizationCodeGrant]:
    class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]  # noqa: RUF012 - Authlib reads it from the class

        def save_authorization_code(self, code: str, asked: Any) -> None:
            sent = asked.payload.data
            provider.codes[code] = Code(
                code,
                asked.payload.redirect_uri,
                asked.payload.scope,
                sent.get("nonce", ""),
                sent.get("code_challenge"),
                sent.get("code_challenge_method"),
            )

        def query_authorization_code(self, code: str, _client: Client) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, code: Code) -> None:
            provider.codes.pop(code.code, None)

        def authenticate_user(self, _code: Code) -> User:
            return provider.user

    return CodeGrant


def _openid(provider: Provider) -> OpenIDCode:
    class OpenId(OpenIDCode):  # type: ignore[misc]
        def exists_nonce(self, _nonce: str, _request: Any) -> bool:
            return False

        def resolve_client_private_key(self, _client: Client) -> RSAKey:
            return provider.signing_key or provider.key

        def get_client_claims(self, _client: Client) -> dict[str, Any]:
            return {"iss": provider.claimed_issuer or provider.issuer}

        def get_compatible_claims(self, _request: Any) -> dict[str, Any]:
            now = int(time.time())
            return {
                "iss": provider.claimed_issuer or provider.issuer,
                "aud": [provider.claimed_audience or CLIENT_ID],
                "iat": now,
                "exp": now + provider.lifetime_s,
            }

        def get_client_algorithm(self, _client: Client) -> str:
            return "RS256"

        def get_encode_header(self, _client: Client) -> dict[str, str]:
            return {"alg": "RS256", "kid": (provider.signing_key or provider.key).kid or ""}

        def get_authorization_code_claims(self, authorization_code: Code) -> dict[str, Any]:
            return {"nonce": provider.forced_nonce or authorization_code.nonce}

        def generate_user_info(self, _user: User, _scope: str) -> UserInfo:
            return UserInfo({"sub": provider.user.subject} if provider.in_userinfo_only else provider.claims())

    return OpenId(require_nonce=True)


def _application(provider: Provider) -> Flask:
    app = Flask("provider")

    def save_token(token: dict[str, Any], _request: Any) -> None:
        provider.tokens[token["access_token"]] = provider.user.subject

    server = AuthorizationServer(app, lambda _id: Client(provider.redirect_uris), save_token)
    server.register_grant(_code_grant(provider), [_openid(provider), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Response:
        return jsonify(
            issuer=provider.issuer,
            authorization_endpoint=f"{provider.issuer}/authorize",
            token_endpoint=f"{provider.issuer}/token",
            userinfo_endpoint=f"{provider.issuer}/userinfo",
            jwks_uri=f"{provider.issuer}/keys",
            id_token_signing_alg_values_supported=["RS256", "HS256", "none"],
            token_endpoint_auth_methods_supported=["client_secret_basic"],
        )

    @app.get("/keys")
    def keys() -> Response:
        return jsonify(keys=[provider.key.as_dict(private=False)])

    @app.get("/authorize")
    def authorize() -> Any:
        provider.seen.append(dict(request.args))
        grant = server.get_consent_grant(end_user=provider.user)
        return server.create_authorization_response(request=request, grant_user=provider.user, grant=grant)

    @app.post("/token")
    def token() -> Any:
        provider.seen.append(dict(request.form))
        return server.create_token_response()

    @app.get("/userinfo")
    def userinfo() -> Any:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if bearer not in provider.tokens:
            return Response(status=401)
        return jsonify(provider.claims())

    return app


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider on a free port of loopback."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, _application(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
