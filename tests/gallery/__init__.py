"""`make screenshots`: every page of the running demo, in both sizes."""
