"""Apollo's API v1 as a stateful stand-in over an invented database of people and companies."""
