"""The passwords and keys of one local Supabase: made once, kept beside its data, readable by their owner only."""

from __future__ import annotations

import dataclasses
import json
import secrets
from typing import TYPE_CHECKING

from sandbox.files_and_ports import read_json, write_private
from sandbox.processes import SandboxError

if TYPE_CHECKING:
    from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ProjectSecrets:
    """All secrets of one instance. Printing it shows none of them."""

    superuser_password: str
    postgres_password: str
    authenticator_password: str
    jwt_secret: str
    secret_key: str
    publishable_key: str


def load_secrets(folder: Path) -> ProjectSecrets | None:
    """Give back the secrets kept in `folder`; None when there are none yet."""
    stored = read_json(folder / "secrets.json")
    return None if stored is None else ProjectSecrets(**stored)


def create_secrets(folder: Path) -> ProjectSecrets:
    """Make new secrets and keep them in `folder`.

    Raises:
        SandboxError: There is data already, made with passwords nobody knows any more.
    """
    if (folder / "data").exists():
        raise SandboxError(
            f"{folder} holds data but no readable secrets.json, so its passwords are lost. "
            f"Put the file back, or delete the folder to start with an empty database."
        )
    created = ProjectSecrets(
        superuser_password=secrets.token_urlsafe(24),
        postgres_password=secrets.token_urlsafe(24),
        authenticator_password=secrets.token_urlsafe(24),
        jwt_secret=secrets.token_urlsafe(40),
        secret_key=f"sb_secret_{secrets.token_urlsafe(24)}",
        publishable_key=f"sb_publishable_{secrets.token_urlsafe(24)}",
    )
    write_private(folder / "secrets.json", json.dumps(dataclasses.asdict(created)))
    return created
