"""Single sign-on by OpenID Connect (Core 1.0, authorization code flow with state, nonce and PKCE)."""
