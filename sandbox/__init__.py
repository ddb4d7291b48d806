"""Stand-ins for the outside world on one machine: a local Supabase and vendors that behave."""
