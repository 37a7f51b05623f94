"""Pages of appointments: reading those of a case, acting on them, and one's own calendar."""
