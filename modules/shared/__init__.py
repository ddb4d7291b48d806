"""What every brick may use."""
