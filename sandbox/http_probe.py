"""One question to a local server: do you answer?"""

from __future__ import annotations

import http.client
from http import HTTPStatus
from urllib.parse import urlsplit

_TIMEOUT_S = 2.0


def answers(url: str) -> bool:
    """Tell whether `url` answers 200. Goes to the address itself, whatever proxy the environment names."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
