"""`make load`: how long people wait for the list and for a case when twenty are at work."""
