"""What `make demo` runs: it installs, starts PostgreSQL, Valkey, web and worker, and stops them again.

Until the virtual environment exists only the standard library is at hand: `__main__`, `install`, `processes`,
`progress` and `trouble` keep to it.
"""
