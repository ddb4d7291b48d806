"""Standard logging that keeps keys and people out: every record passes `redact` before a handler sees it."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets

# A key of this process: tokens of one run can be compared with each other, and with nothing else.
_TOKEN_KEY = secrets.token_bytes(32)

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+(?:@|%40)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_KEY = re.compile(
    r"sb_(?:secret|publishable)_[\w-]+"  # Supabase
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"  # any JSON Web Token
    r"|sk-[\w-]{8,}"  # OpenAI
    r"|(?<=[Bb]earer )\S+"
    r"|(?<=://)[^\s/@]+:[^\s/@]+(?=@)"  # user:password in a URL
)


def person_token(address: str) -> str:
    """A short name for a person, the same within one process and meaningless outside it.

    >>> person_token("Mara@Haldenfreight.example") == person_token("mara@haldenfreight.example ")
    True
    """
    digest = hashlib.blake2b(address.strip().lower().encode(), key=_TOKEN_KEY, digest_size=5)
    return f"person:{digest.hexdigest()}"


def redact(text: str) -> str:
    """The text with every mail address replaced by its `person_token`, and every key by `[key]`.

    >>> redact("Authorization: Bearer abc.def")
    'Authorization: Bearer [key]'
    """
    return _ADDRESS.sub(lambda match: person_token(match.group().replace("%40", "@")), _KEY.sub("[key]", text))


class _Redacting(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        return True


def get_logger(name: str) -> logging.Logger:
    """The logger of that name, with redaction. Call it with `__name__`."""
    logger = logging.getLogger(name)
    if not any(isinstance(present, _Redacting) for present in logger.filters):
        logger.addFilter(_Redacting())
    return logger
