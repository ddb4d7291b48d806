"""Which fields of Instantly's payloads say nothing of a person: the list of what stays when an export is pseudonymised.

It is a list of what stays, not of what goes: a field that Instantly adds tomorrow, or a variable that a team uploads
with its leads, is treated as somebody's until it stands here. Names of campaigns, lists, labels and tags stay as the
team wrote them, but for the addresses and domains in them.

Source: the vendor's OpenAPI document of API v2, and what its answers were seen to hold besides.
"""

from __future__ import annotations

from enum import Enum


class Treatment(Enum):
    """What becomes of a value."""

    STAYS = "stays"
    """Stays with everything in it, but for addresses and domains in its texts and keys."""
    DOMAIN = "domain"
    """A domain, or a web address of which only the domain is kept; becomes the domain's pseudonym."""
    PERSONAL = "personal"
    """Replaced, but for the pseudonyms of the addresses in it."""


Node = Treatment | dict[str, "Node"]
"""How to treat a value, or the fields of an object, or of each object of a list. A name that is missing in it is hidden
too, and its value is personal."""


def _fields(*, stays: str = "", domains: str = "", personal: str = "", **nested: Node) -> dict[str, Node]:
    """A node of an object, from names parted by blanks."""
    fields: dict[str, Node] = dict.fromkeys(stays.split(), Treatment.STAYS)
    fields |= dict.fromkeys(domains.split(), Treatment.DOMAIN)
    return fields | dict.fromkeys(personal.split(), Treatment.PERSONAL) | nested


_LAST_STEP = _fields(stays="stepID timestamp_executed timestampExecuted", personal="from")
_SEQUENCES = _fields(
    steps=_fields(
        stays="type delay delay_unit pre_delay pre_delay_unit",
        variants=_fields(stays="v_disabled", personal="subject body"),
    )
)
_SCHEDULE = _fields(stays="start_date end_date", schedules=_fields(stays="timing days timezone", personal="name"))

LEAD = _fields(
    stays="""
    id timestamp_created timestamp_updated organization campaign list_id status email_open_count email_reply_count
    email_click_count lt_interest_status verification_status enrichment_status esp_code esg_code upload_method
    assigned_to uploaded_by_user email_opened_step email_opened_variant email_replied_step email_replied_variant
    email_clicked_step email_clicked_variant last_step_id last_step_timestamp_executed subsequence_id
    timestamp_added_subsequence timestamp_last_contact timestamp_last_open timestamp_last_reply timestamp_last_click
    timestamp_last_touch timestamp_last_interest_change is_website_visitor
    """,
    domains="company_domain website",
    personal="""
    email first_name last_name company_name job_title phone personalization pl_value_lead last_step_from
    last_contacted_from
    """,
    status_summary=_fields(stays="domain_complete", lastStep=_LAST_STEP),
    status_summary_subseq=_LAST_STEP,
    payload=_fields(
        stays="pause_until",
        domains="website",
        personal="email firstName lastName companyName jobTitle phone personalization",
    ),
)
EMAIL = _fields(
    stays="""
    id timestamp_created timestamp_email organization_id campaign_id subsequence_id list_id lead_id ue_type step
    is_unread is_auto_reply reminder_ts ai_interest_value ai_assisted is_focused i_status thread_id ai_agent_id
    """,
    personal="""
    message_id subject from_address_email to_address_email_list cc_address_email_list bcc_address_email_list reply_to
    lead eaccount content_preview
    """,
    body=_fields(personal="text html"),
    attachment_json=_fields(files=_fields(stays="type size", personal="filename url error")),
    from_address_json=_fields(personal="address name"),
    to_address_json=_fields(personal="address name"),
    cc_address_json=_fields(personal="address name"),
)
ACCOUNT = _fields(
    stays="""
    timestamp_created timestamp_updated organization status warmup_status provider_code setup_pending
    is_managed_account daily_limit daily_limit_max warmup_limit_max sending_gap enable_slow_ramp stat_warmup_score
    timestamp_warmup_start autofix_failed tracking_domain_status inbox_placement_test_limit added_by modified_by
    warmup_pool_id timestamp_last_used tags
    """,
    domains="tracking_domain_name",
    personal="email first_name last_name signature reply_to",
    warmup=_fields(stays="limit increment reply_rate advanced", personal="warmup_custom_ftag"),
    status_message=_fields(stays="code responseCode", personal="command response e_message"),
)
CAMPAIGN = _fields(
    stays="""
    id name status not_sending_status timestamp_created timestamp_updated pl_value is_evergreen email_gap
    random_wait_max text_only first_email_text_only email_tag_list daily_limit daily_max_leads stop_on_reply
    stop_on_auto_reply stop_for_company link_tracking open_tracking prioritize_new_leads match_lead_esp
    insert_unsubscribe_header allow_risky_contacts disable_bounce_protect limit_emails_per_company_override
    auto_variant_select provider_routing_rules organization owned_by ai_sdr_id
    """,
    personal="email_list cc_list bcc_list core_variables custom_variables",
    campaign_schedule=_SCHEDULE,
    sequences=_SEQUENCES,
)
WORKSPACE = _fields(
    stays="""
    id timestamp_created timestamp_updated scheduled_for_removal_at owner plan_id plan_id_bundle add_unsub_to_block
    default_opportunity_value plan_id_leadfinder plan_id_verification plan_id_crm plan_id_website_visitor
    plan_id_inbox_placement
    """,
    domains="org_client_domain",
    personal="name org_logo_url",
)

FIELDS_OF: dict[str, Node] = {
    "workspace": _fields(
        workspace=WORKSPACE,
        plan=_fields(stays="organization_id subscriptions addons", personal="organization_name"),
    ),
    "campaigns": _fields(campaign=CAMPAIGN, stays="analytics"),
    "accounts": ACCOUNT,
    "account_warmup": _fields(stays="total days", personal="email"),
    "account_daily": Treatment.STAYS,
    "daily_analytics": Treatment.STAYS,
    "steps": Treatment.STAYS,
    "lead_lists": Treatment.STAYS,
    "lead_labels": Treatment.STAYS,
    "leads": LEAD,
    "emails": EMAIL,
    "block_list": _fields(stays="id timestamp_created organization_id is_domain", domains="bl_value"),
    "tags": Treatment.STAYS,
    "tag_mappings": Treatment.STAYS,
    "background_jobs": _fields(
        stays="id workspace_id user_id type entity_id entity_type progress status created_at updated_at",
        data=_fields(stays="total_leads failed_count", personal="moved_lead_emails"),
    ),
}
"""By what a source calls its rows."""
