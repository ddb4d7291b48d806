"""What only tests and demos may do: read the log, inject faults, change the world."""
