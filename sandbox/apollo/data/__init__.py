"""The sample database: every person and company follows from a number and the seed."""
