"""Assets, one module a subject; each asset fills the table it is named after."""
