"""Who must never be contacted, and that it reaches those who are in a campaign already."""

import dagster as dg
from pydantic import Field

from modules.instantly.instantly_sources import load_from_api
from modules.outreach.suppression_sweep import suppressed_at_instantly, sweep
from modules.outreach.suppression_table import SUPPRESSIONS, refresh_suppressions
from modules.outreach.workspace_guard import workspace_of_key
from modules.shared.errors import RetryableError
from modules.shared.settings import Settings
from modules.supabase.row_store import RowStore
from outreach_pipeline.assets.asset_defaults import KINDS, OWNERS, RETRY_ONCE, normalised, numbers, row_counts
from outreach_pipeline.failures import dagster_failures


class SuppressionConfig(dg.Config):
    """How far a stop reaches."""

    stop_company: bool = Field(
        default=False,
        description="Whether a reply suppresses everybody at that company, by its domain; never at a free-mail domain.",
    )


@normalised(
    "instantly_leads_raw", "instantly_emails_raw", "instantly_lead_labels_raw", "instantly_block_list_raw", "leads"
)
def suppressions(
    context: dg.AssetExecutionContext, config: SuppressionConfig, store: dg.ResourceParam[RowStore]
) -> dg.MaterializeResult[None]:
    """Who must never be contacted, and why. Grain: one act, which suppresses a value or lifts it. Key: `id`.

    What Instantly says of bounces, opt-outs, replies and its block list is noted once; nothing is ever changed.
    """
    settings = Settings()
    key = settings.outreach_erasure_key
    with dagster_failures():
        counts = refresh_suppressions(
            store,
            context.run.run_id,
            stop_company=config.stop_company,
            erasure_key=key.get_secret_value() if key else None,
        )
    return dg.MaterializeResult(metadata=row_counts(SUPPRESSIONS, counts))


# The job has the asset's name, and Dagster wants another one for the step.
@dg.multi_asset(
    name="sweep_suppressed",
    specs=[
        dg.AssetSpec(
            "suppression_sweep",
            deps=["suppressions"],
            group_name="outreach",
            owners=OWNERS,
            kinds=KINDS,
            description="Suppressed people are taken out of campaigns at Instantly, and put on its block list. "
            "Grain: one sweep. It only ever reduces contact: it runs after every read, and goes on while paused.",
        )
    ],
    retry_policy=RETRY_ONCE,
)
def suppression_sweep(
    context: dg.AssetExecutionContext, store: dg.ResourceParam[RowStore]
) -> dg.MaterializeResult[None]:
    """Sweep; what is still there afterwards fails the run, and the next sweep tries again."""
    with dagster_failures():
        api_key = Settings().require("INSTANTLY_API_KEY")
        with load_from_api(api_key) as api:
            workspace_of_key(store, api.client, api_key)
            result = sweep(store, api.client, suppressed_at_instantly(store))
        if not result.is_complete:
            context.log.error("Still listed at Instantly: %s", ", ".join(result.still_there) or "nobody")
            raise RetryableError(
                f"Instantly still lists {len(result.still_there)} suppressed people in campaigns, and its block list "
                f"lacks {result.not_blocked} values, after they were deleted and added. Look at them at Instantly; "
                "the next sweep tries again."
            )
    return dg.MaterializeResult(
        metadata=numbers(
            {"people_removed": result.removed, "values_blocked": result.blocked, "requests_made": api.requests_made}
        )
    )
