"""What all tables and views made of the raw tables have in common: empty ones, comments, rights."""

from __future__ import annotations

import re

import psycopg
import pytest

from tests.fakes.normalised_tables import NOTHING, OURS, VIEWS


def test_an_empty_database_gives_zeros_and_empty_views(tables, store):
    for function in ("refresh_campaigns", "refresh_leads"):
        assert store.call(function, {}) == [NOTHING]
    assert {row["verdict"]: row["rows"] for row in store.call("refresh_reconciliation", {})} == {
        "equal": 0,
        "within tolerance": 0,
        "off": 0,
        "not comparable": 0,
    }
    assert [tables.rows(f"select * from {name}") for name in (*OURS, *VIEWS)] == [[]] * 7


def comments(database, relation):
    statement = (
        "select attname, col_description(attrelid, attnum) from pg_attribute "
        "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped"
    )
    return dict(database.execute(statement, [f"public.{relation}"]).fetchall())


def test_every_rate_says_what_is_divided_by_what_and_where_both_come_from(database):
    rates = 0
    for view in VIEWS:
        described = comments(database, view)
        for column, comment in described.items():
            if "_rate" in column:
                rates += 1
                division = re.match(r"(\w+) / (\w+): .*; source \w+.* NULL where ", comment or "")
                assert division, f"{view}.{column}: {comment}"
                assert {*division.groups()} <= {*described}
    assert rates == 5


@pytest.mark.parametrize(
    ("view", "columns"),
    [
        (
            "campaign_daily",
            {"sent", "contacted", "human_replies", "automatic_replies", "opens", "clicks", "opportunities"},
        ),
        (
            "campaign_overview",
            {"leads", "contacted", "sent", "human_replies", "automatic_replies", "positive_replies", "bounces"}
            | {"unsubscribes", "opens", "last_sent_on", "data_as_of"},
        ),
        ("sender_health", {"warmup_score", "health_score", "sent_7_days", "bounced_7_days", "daily_limit"}),
    ],
)
def test_every_number_says_where_it_comes_from(database, view, columns):
    described = comments(database, view)
    assert [column for column in columns if "Source: " not in (described[column] or "")] == []


def test_every_table_view_and_function_says_what_it_is(database):
    for name in (*OURS, *VIEWS):
        assert database.execute("select obj_description(to_regclass(%s))", [f"public.{name}"]).fetchone() != (None,)
    functions = database.execute(
        "select proname, obj_description(oid) from pg_proc where pronamespace = 'private'::regnamespace "
        "or proname like 'refresh\\_%' and pronamespace = 'public'::regnamespace"
    ).fetchall()
    assert len(functions) >= 8
    assert [name for name, comment in functions if comment is None] == []


@pytest.mark.parametrize("role", ["anon", "authenticated"])
@pytest.mark.parametrize(
    "statement",
    [
        *(f"select * from public.{name}" for name in (*OURS, *VIEWS)),
        *(f"delete from public.{name}" for name in OURS),
        "select * from public.refresh_campaigns()",
        "select * from public.refresh_leads()",
        "select * from public.refresh_reconciliation()",
        "select private.count_in('{}', 'n')",
        "select private.day_in('{}', 'n')",
        "select private.human_replies(1, 1, 1)",
        "select private.campaign_status_name(1)",
    ],
)
def test_people_can_neither_read_nor_call_any_of_it(database, role, statement):
    database.execute(f"set role {role}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute(statement)


def test_no_right_is_given_to_people_even_where_another_one_would_stop_them(database):
    given = database.execute(
        "select relname, rolname from pg_class cross join pg_roles "
        "where relnamespace = 'public'::regnamespace and relname = any (%s) and rolname in ('anon', 'authenticated') "
        "and has_table_privilege(pg_roles.oid, pg_class.oid, 'select, insert, update, delete, truncate') "
        "union all "
        "select proname, rolname from pg_proc cross join pg_roles "
        "where (pronamespace = 'private'::regnamespace or proname like 'refresh\\_%%') "
        "and rolname in ('anon', 'authenticated') and has_function_privilege(pg_roles.oid, pg_proc.oid, 'execute')",
        [[*OURS, *VIEWS]],
    ).fetchall()
    assert given == []


def test_views_read_with_the_rights_of_who_asks_and_functions_name_every_schema(database):
    views = database.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v' "
        "and not coalesce('security_invoker=true' = any (reloptions), false)"
    ).fetchall()
    functions = database.execute(
        "select proname from pg_proc where pronamespace in ('public'::regnamespace, 'private'::regnamespace) "
        "and (prosecdef or not coalesce('search_path=\"\"' = any (proconfig), false))"
    ).fetchall()
    assert (views, functions) == ([], [])
