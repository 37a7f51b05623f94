"""The roof: assembly of the whole. It stays free of imports, since `make demo` starts here with a bare Python."""
