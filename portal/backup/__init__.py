"""`make backup` and `make restore`: database and files of documents in one folder, with a list to verify them by."""
