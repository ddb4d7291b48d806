"""A launch of some people of many: prints as JSON what the database took to choose and reserve them.

python -m bench.launch LEADS PEOPLE

The bare limit beside it reads every lead once with its score and company, and decides nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime

import psycopg
from psycopg.types.json import Jsonb

from modules.outreach.launch_gate import MOST_AGE_S

_DIGEST = "0" * 64
_LEADS = """
insert into leads (
  email, match_key, email_domain, registrable_domain, company_domain, status, is_role_address, is_disposable,
  is_free_mail, email_status, country, region, lawful_basis, search_name, job_title, source
)
select address, address, firm, firm, firm, 'new', false, false, false, 'verified', 'Germany', 'eu',
       'legitimate_interest', 'north', 'Head of Operations', 'apollo'
  from generate_series(1, %s) as number
  cross join lateral (select 'firm' || number / 3 || '.example') as named (firm)
  cross join lateral (select 'person' || number || '@' || firm) as spelled (address)
"""
_OTHERS = """
insert into companies (domain, company_name, employees_count, source, value_ranks)
select distinct company_domain, 'Firm', 100, 'lead', '{}'::jsonb from leads;
insert into lead_scores (lead_id, score, reasons, rules_digest)
select lead_id, hashtextextended(email, 0) % 50 + 50, '[]', 'bench' from leads;
insert into suppressions (kind, value, act, reason, source, created_by)
select 'email', match_key, 'suppress', 'by_hand', 'hand', 'bench' from leads where hashtextextended(email, 1) % 50 = 0;
"""
_READ = """
insert into sync_runs (table_name, source, finished_at, data_as_of, status) values (%s, 'api', %s, %s, 'complete')
"""
_BARE = """
select count(*), sum(score.score), sum(company.employees_count)
  from leads
  left join lead_scores as score using (lead_id)
  left join companies as company on company.domain = leads.company_domain
"""


def main() -> None:
    """Fill, measure once, print."""
    leads, people = int(sys.argv[1]), int(sys.argv[2])
    with psycopg.connect(os.environ["SUPABASE_DB_URL"], autocommit=True) as connection:
        _fill(connection, leads)
        bare_s = _seconds(connection, _BARE)
        launch_id = _begin(connection, people)
        request = {
            "launch_id": launch_id,
            "copy_digest": _DIGEST,
            "most_age_s": dict(MOST_AGE_S),
            "criteria": {
                "campaign_name": "bench",
                "regions": {"eu": "legitimate_interest"},
                "searches": ["north"],
                "countries": ["Germany"],
                "min_employees": 10,
                "title_pattern": r"(?<!\w)(?:head|chef)(?!\w)",
                "min_score": 5,
                "people_per_company": 2,
                "people_per_domain": 2,
            },
        }
        seconds = _seconds(connection, "select reserve_people(%s)", [Jsonb(request)])
        (reserved,) = connection.execute("select count(*) from campaign_leads").fetchone() or (0,)
    print(json.dumps({"reserved": reserved, "seconds": seconds, "bare_seconds": bare_s}))


def _fill(connection: psycopg.Connection, leads: int) -> None:
    connection.execute(
        "truncate leads, companies, lead_scores, campaign_files, launches, campaign_leads, sync_runs cascade"
    )
    connection.execute("truncate suppressions")
    connection.execute(_LEADS, [leads])
    connection.execute(_OTHERS)
    now = datetime.now(UTC)
    for table in MOST_AGE_S:
        connection.execute(
            _READ,
            [table, now, now],
        )
    connection.execute("analyze")


def _begin(connection: psycopg.Connection, people: int) -> str:
    campaign = {"campaign_name": "bench", "title": "Bench", "spec": {}, "spec_digest": _DIGEST, "copy_digest": _DIGEST}
    campaign |= {"source_file": "bench.yaml"}
    connection.execute("select apply_campaign_files(%s, null)", [Jsonb([campaign])])
    request = {"campaign_name": "bench", "launch_key": "bench", "spec_digest": _DIGEST, "copy_digest": _DIGEST}
    request |= {"people_limit": people, "activates": False}
    (launch,) = connection.execute("select begin_launch(%s)", [Jsonb(request)]).fetchone() or ({},)
    return str(launch["launch_id"])


def _seconds(connection: psycopg.Connection, statement: str, parameters: list[Jsonb] | None = None) -> float:
    began_s = time.monotonic()
    connection.execute(statement, parameters)
    return time.monotonic() - began_s


if __name__ == "__main__":
    main()
