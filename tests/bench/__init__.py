"""The permission engine measured against its alternatives: `make bench`."""
