"""Asset checks, under the names of the assets they judge."""
