"""Supabase: one client a process, and the store of rows."""
