"""Apollo bricks: finding people and companies."""
