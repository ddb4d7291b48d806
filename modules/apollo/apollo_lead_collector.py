"""The people whom a search finds at Apollo, page by page; without surnames and addresses, and without credits.

Run alone, it needs APOLLO_API_KEY, and prints them masked, one JSON object a line:

    python -m modules.apollo.apollo_lead_collector FILTERS.json --most 200
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError

from modules.apollo.apollo_client import ApolloClient
from modules.apollo.apollo_filters import PeopleFilters
from modules.apollo.apollo_people_collection import MOST_PEOPLE, READERS, Collection
from modules.apollo.apollo_people_pages import IMPLAUSIBLE_TOTAL
from modules.apollo.apollo_rows import PersonRow, transform_people
from modules.shared.errors import OutreachError, PermanentError, Refused
from modules.shared.file_problems import problems, written
from modules.shared.logger import person_token, redact
from modules.shared.settings import Settings

if TYPE_CHECKING:
    from modules.apollo.apollo_people_pages import Reader
    from modules.shared.raw_table import RawRow, RejectedRow


def collect_people(
    client: Reader,
    filters: PeopleFilters,
    *,
    most_people: int = MOST_PEOPLE,
    readers: int = READERS,
    previous_total: int | None = None,
    implausible_total: int = IMPLAUSIBLE_TOTAL,
) -> Collection:
    """A reading of a people search, not yet begun: iterate its `people()`, then look at its numbers."""
    return Collection(
        client=client,
        filters=filters,
        most_people=most_people,
        readers=readers,
        previous_total=previous_total,
        implausible_total=implausible_total,
    )


def read_filters(file: Path) -> PeopleFilters:
    """The people search that a JSON file describes.

    Raises:
        PermanentError: There is no such file, or it describes none; every problem is named.
    """
    try:
        return PeopleFilters.model_validate(orjson.loads(file.read_bytes()))
    except OSError as error:
        raise PermanentError(f"{file}: cannot be read ({error.strerror}). Check its name.") from error
    except orjson.JSONDecodeError as error:
        raise PermanentError(f"{file}: is not JSON ({error}).") from error
    except ValidationError as error:
        found = [f"{file}: {written(path) or 'the search'}: {message}" for path, message in problems(error)]
        raise PermanentError("\n".join(found)) from None


def masked(row: RawRow | RejectedRow) -> dict[str, Any]:
    """Somebody as they may be shown while a search is tried: enough to judge the search, and nobody's name."""
    if not isinstance(row, PersonRow):
        return {"rejected": getattr(row, "reason", "no person")}
    return {
        "person": person_token(row.apollo_person_id),
        "job_title": row.job_title,
        "organization_name": row.organization_name and f"{row.organization_name[:2]}***",
        "has_email": row.has_email,
        "has_direct_phone": row.has_direct_phone,
        "last_refreshed_at": row.last_refreshed_at,
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the people whom a search finds at Apollo, masked; the numbers come last, on standard error."""
    parser = argparse.ArgumentParser(prog="python -m modules.apollo.apollo_lead_collector", description=main.__doc__)
    parser.add_argument("file", type=Path, help='the filters as JSON: {"person_titles": ["COO"], ...}')
    parser.add_argument("--most", type=int, default=MOST_PEOPLE, metavar="PEOPLE", help="end after that many")
    options = parser.parse_args(arguments)
    try:
        filters = read_filters(options.file)
        settings = Settings()
        with ApolloClient(
            settings.require("APOLLO_API_KEY"),
            base_url=settings.apollo_base_url,
            searches_per_minute=settings.apollo_searches_per_minute,
        ) as client:
            collection = collect_people(client, filters, most_people=max(0, options.most))
            for row in transform_people(collection.people()):
                sys.stdout.write(orjson.dumps(masked(row)).decode() + "\n")
    except OutreachError as error:
        sys.stderr.write(f"{redact(str(error))}\n")
        return 3 if isinstance(error, Refused) else 1
    sys.stderr.write(f"{collection.summary()}\n")
    return 0


if __name__ == "__main__":
    # Ours only: httpx logs whole addresses.
    logging.basicConfig(format="%(message)s")
    logging.getLogger("modules.apollo").setLevel(logging.INFO)
    sys.exit(main())
