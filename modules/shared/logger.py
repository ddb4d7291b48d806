"""Standard logging that keeps keys and people out: every record passes `redact` before a handler sees it."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets

# A key of this process: tokens of one run can be compared with each other, and with nothing else.
_TOKEN_KEY = secrets.token_bytes(32)

# Letters of any script. What parts a path, a query or a quotation ends an address, though mail would allow it there.
# The last alternative takes a run that is no address at once, so that a long one costs no more than its length.
_ADDRESS = re.compile(r"('?)([\w.!#$%*+^~'-]+(?:(?:@|%40)\w(?:[\w.-]*\w)?)+)|[\w.!#$%*+^~'-]+")
_KEY = re.compile(
    r"sb_(?:secret|publishable)_[\w-]+"  # Supabase
    r"|(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*"  # any JSON Web Token
    r"|(?<![\w-])sk-[\w-]{8,}"  # OpenAI
    r"|(?<=[Bb]earer )\S+"
    r"|(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"  # user:password in a URL
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
    return _ADDRESS.sub(_without_address, _KEY.sub("[key]", text))


def _without_address(match: re.Match[str]) -> str:
    return match[1] + person_token(match[2].replace("%40", "@")) if match[2] else match[0]


class _Redacting(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True


def get_logger(name: str) -> logging.Logger:
    """The logger of that name, with redaction. Call it with `__name__`."""
    logger = logging.getLogger(name)
    if not any(isinstance(present, _Redacting) for present in logger.filters):
        logger.addFilter(_Redacting())
    return logger
