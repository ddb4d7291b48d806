"""The unprivileged account PostgreSQL runs as when we are root, because PostgreSQL refuses to be root."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.processes import SandboxError

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT_NAME = "outreach-postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The ids a process takes on; None where it stays who we are."""

    user_id: int | None = None
    group_id: int | None = None


def account_for_postgres() -> Account:
    """Give back the account to run as: ourselves, or as root the system account made for this.

    Raises:
        SandboxError: We are root, the account is missing and cannot be made here.
    """
    if os.geteuid() != 0:
        return Account()
    entry = _find_account() or _create_account()
    return Account(user_id=entry.pw_uid, group_id=entry.pw_gid)


def hand_over(folder: Path, account: Account) -> None:
    """Make `folder`, and all in it, belong to `account`."""
    if account.user_id is None or account.group_id is None or folder.stat().st_uid == account.user_id:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.user_id, account.group_id, follow_symlinks=False)


def let_through(path: Path, account: Account) -> None:
    """Let `account` pass the folders above `path`: each that bars it gets "others may traverse", never read or list."""
    if account.user_id is None:
        return
    for folder in {*path.absolute().parents, *path.resolve().parents}:
        status = folder.stat()
        if status.st_uid != account.user_id and not status.st_mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)


def let_read_program(folder: Path, account: Account) -> None:
    """Let `account` run the program installed in `folder`, if there is one, also when a strict umask hid it."""
    if account.user_id is None or not folder.exists() or folder.stat().st_mode & stat.S_IROTH:
        return
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        for_others = stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        path.chmod(mode | for_others)


def _find_account() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        return None


def _create_account() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    problem = "`useradd` is not installed"
    if useradd is not None:
        command = [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", ACCOUNT_NAME]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
        # Another starter may have made it a moment before: what counts is that it is there.
        entry = _find_account()
        if entry is not None:
            return entry
        problem = f"`useradd` answered {answer.returncode}: {answer.stderr.strip()}"
    raise SandboxError(
        f"PostgreSQL refuses to run as root, and the account {ACCOUNT_NAME} could not be made: {problem}. "
        f"Run this as an ordinary user, or make the account first (Alpine: adduser -S -D -H {ACCOUNT_NAME})."
    )
