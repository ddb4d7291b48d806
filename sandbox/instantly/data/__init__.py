"""What the stand-in knows: rows derived from a seed, and the changes made since."""
