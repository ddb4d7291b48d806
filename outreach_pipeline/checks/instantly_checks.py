"""Checks of Instantly's raw tables."""

from modules.instantly.instantly_tables import RAW_TABLES
from outreach_pipeline.checks.table_checks import table_checks

instantly_checks = [table_checks(table) for table in RAW_TABLES]
