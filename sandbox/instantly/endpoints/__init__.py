"""What the stand-in answers: one file for each group of the vendor's operations."""
