"""Who may pass the gateway: API keys, and the token each stands for towards PostgREST."""

from __future__ import annotations

from dataclasses import dataclass, field

import jwt

_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class KeyRefusedError(Exception):
    """The request carries no usable key. The gateway answers 401 with both texts."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """The keys of one project. Both short keys stand for a role; a JWT signed by the project stands for itself."""

    secret_key: str = field(repr=False)
    publishable_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    role_tokens: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Sign one token a key; it never expires, because the keys do not."""
        roles = {self.secret_key: "service_role", self.publishable_key: "anon"}
        tokens = {key: sign_token(self.jwt_secret, role=role) for key, role in roles.items()}
        object.__setattr__(self, "role_tokens", tokens)

    def authorization(self, *, api_key: str | None, authorization: str | None, user_agent: str | None) -> str:
        """Give back the `Authorization` header PostgREST should see.

        A user's token in `authorization` passes as it is: PostgREST judges it. The key itself, or nothing
        there, means the key's own role.

        Raises:
            KeyRefusedError: No key, an unknown key, or a secret key sent by a browser.
        """
        if not api_key:
            raise KeyRefusedError("No API key found in request", "Send the project's key in the `apikey` header.")
        token = self.role_tokens.get(api_key) or self._own_token(api_key)
        if token is None:
            raise KeyRefusedError("Invalid API key", "Compare the key with the output of `outreach local env`.")
        if api_key == self.secret_key and user_agent is not None and user_agent.startswith("Mozilla/"):
            raise KeyRefusedError(
                "Secret API key used in a browser", "Browsers get the publishable key and a user token."
            )
        scheme, _, bearer = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or bearer.strip() == api_key:
            return f"Bearer {token}"
        return f"Bearer {bearer.strip()}"

    def _own_token(self, api_key: str) -> str | None:
        try:
            jwt.decode(api_key, self.jwt_secret, algorithms=[_ALGORITHM], options={"verify_aud": False})
        except jwt.InvalidTokenError:
            return None
        return api_key


def sign_token(jwt_secret: str, **claims: object) -> str:
    """Give back a JWT with these claims, signed as a Supabase project with a shared secret signs it."""
    return jwt.encode(dict(claims), jwt_secret, algorithm=_ALGORITHM)
