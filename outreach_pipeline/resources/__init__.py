"""Dagster resources, one module a service: configuration in, plain client out."""
