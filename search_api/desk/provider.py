"""The provider of a single sign-on: what it says of itself, its keys, its tokens (OpenID Connect)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from diembao.settings import Settings

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_SCOPE = "openid profile email"
_TIMEOUT = 10.0
_KEPT = timedelta(hours=1)  # what the provider says of itself
_LEEWAY = 60  # seconds by which clocks may differ


class ProviderFault(Exception):
    """The provider cannot be reached, or says something that cannot be believed."""


@dataclass(frozen=True, slots=True)
class _Known:
    description: Mapping[str, Any]
    keys: KeySet
    at: datetime


class Provider:
    """What the provider says of itself, asked for at the first sign-on and again now and then."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._issuer = settings.oidc_issuer.rstrip("/")
        self._lock = threading.Lock()
        self._known: _Known | None = None

    def client(self, redirect_uri: str, state: str = "") -> OAuth2Client:
        secret = self._settings.oidc_client_secret
        return OAuth2Client(
            self._settings.oidc_client_id,
            secret.get_secret_value() if secret else None,
            scope=_SCOPE,
            redirect_uri=redirect_uri,
            state=state or None,
            code_challenge_method="S256",
            timeout=_TIMEOUT,
        )

    def known(self, now: datetime, *, anew: bool = False) -> _Known:
        """Raises: ProviderFault."""
        with self._lock:
            if anew or self._known is None or now - self._known.at > _KEPT:
                self._known = self._asked(now)
            return self._known

    def _asked(self, now: datetime) -> _Known:
        try:
            with httpx.Client(timeout=_TIMEOUT) as client:
                description = client.get(f"{self._issuer}/.well-known/openid-configuration").raise_for_status().json()
                keys = client.get(description["jwks_uri"]).raise_for_status().json()
            if description["issuer"].rstrip("/") != self._issuer:
                raise ProviderFault(f"the provider calls itself {description['issuer']}")
            return _Known(description, KeySet.import_key_set(keys), now)
        except (httpx.HTTPError, ValueError, KeyError, TypeError, JoseError) as error:
            raise ProviderFault(f"{self._issuer}: {error}") from error

    def claims(self, token: str, nonce: str, now: datetime) -> Mapping[str, Any]:
        """What a believable token says. Raises: ProviderFault."""
        try:
            decoded = jwt.decode(token, self.known(now).keys, algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            # Perhaps the provider has new keys since we asked.
            try:
                decoded = jwt.decode(token, self.known(now, anew=True).keys, algorithms=_ALGORITHMS)
            except (JoseError, ValueError) as error:
                raise ProviderFault(f"the token cannot be read: {error}") from error
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self.known(now).description["issuer"]},
            aud={"essential": True, "value": self._settings.oidc_client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            registry.validate(decoded.claims)
        except JoseError as error:
            raise ProviderFault(f"the token is not for us: {error}") from error
        return decoded.claims

    def token(self, redirect_uri: str, code: str, verifier: str, now: datetime) -> str:
        """The identity token for a code. Raises: ProviderFault."""
        try:
            with self.client(redirect_uri) as client:
                endpoint = self.known(now).description["token_endpoint"]
                return str(client.fetch_token(endpoint, code=code, code_verifier=verifier)["id_token"])
        except (httpx.HTTPError, AuthlibBaseError, KeyError, ValueError) as error:
            raise ProviderFault(f"no token for the code: {error}") from error
