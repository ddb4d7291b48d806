"""`campaign_files`: what the campaign files of `campaigns/` say, in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from modules.outreach.campaign_spec import Campaign
from modules.shared.errors import PermanentError, Refused
from modules.shared.file_problems import problems, unknown_key, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modules.outreach.campaign_spec import CampaignFile
    from modules.supabase.row_store import RowStore

CAMPAIGN_FILES = "campaign_files"
_SEARCHES = ("campaign", "audience", "searches")


def apply_campaigns(store: RowStore, files: Sequence[CampaignFile], *, is_everything: bool = False) -> dict[str, int]:
    """Store the campaigns of files; how many were `inserted`, `updated`, `unchanged`, and are now `without_file`.

    A campaign that its file no longer has stays, marked so that nothing launches it. Whether it should be sent is not
    asked here: `refuse_errors` comes first.

    Args:
        store: Where to.
        files: Whatever they hold besides is left alone.
        is_everything: Whether there are no other files, so that any other campaign has lost its own.

    Raises:
        PermanentError: A campaign asks for a search that is neither stored nor in these files; nothing was stored.
    """
    campaigns = [(file.path.name, file.campaign) for file in files if file.campaign is not None]
    if any(campaign.audience.searches for _, campaign in campaigns):
        _check_searches(store, files)
    rows = [
        {
            "campaign_name": campaign.name,
            "title": campaign.title,
            "spec": campaign.as_json(),
            "spec_digest": campaign.digest(),
            "copy_digest": campaign.copy_digest(),
            "source_file": source_file,
        }
        for source_file, campaign in campaigns
    ]
    source_files = None if is_everything else [file.path.name for file in files]
    counts: dict[str, int] = store.call("apply_campaign_files", {"campaigns": rows, "source_files": source_files})[0]
    return counts


def stored_campaign(store: RowStore, name: str, *, without_file: bool = False) -> Campaign:
    """A campaign as it was last applied.

    Args:
        store: Where it is.
        name: Its name.
        without_file: Whether one that no file has any longer will do, as for looking back.

    Raises:
        PermanentError: There is none of that name, or an older version of this program stored it.
        Refused: No file has it any longer.
    """
    rows = store.select(CAMPAIGN_FILES, lambda query: query.eq("campaign_name", name))
    if not rows:
        known = [
            row["campaign_name"] for row in store.select(CAMPAIGN_FILES, lambda query: query.order("campaign_name"))
        ]
        told = unknown_key(name, known) if known else f"{name} is unknown, and so is any other"
        raise PermanentError(f"Campaign {told}. `outreach campaigns apply` stores those of files.")
    if not rows[0]["is_active"] and not without_file:
        raise Refused(
            f"No file has the campaign {name} any longer; it was in {rows[0]['source_file']}. "
            "Put it back and run `outreach campaigns apply`, if it is still meant."
        )
    try:
        return Campaign.model_validate(rows[0]["spec"])
    except ValidationError as error:
        told = "; ".join(f"{written(problem.path)}: {problem.message}" for problem in problems(error))
        raise PermanentError(
            f"Campaign {name} was stored by another version of this program: {told}. Run `outreach campaigns apply`."
        ) from error


def campaigns_without_file(store: RowStore) -> list[str]:
    """The names of those that no file has any longer, in order."""
    rows = store.select(CAMPAIGN_FILES, lambda query: query.is_("is_active", "false").order("campaign_name"))
    return [row["campaign_name"] for row in rows]


def _check_searches(store: RowStore, files: Sequence[CampaignFile]) -> None:
    known = {search.name for file in files for search in file.searches}
    known |= {row["search_name"] for row in store.select("apollo_searches")}
    wrong = [
        f"{file.yaml.place((*_SEARCHES, number))}: the search {unknown_key(name, sorted(known))}"
        for file in files
        if file.campaign is not None
        for number, name in enumerate(file.campaign.audience.searches or ())
        if name not in known
    ]
    if wrong:
        raise PermanentError("\n".join(wrong))
