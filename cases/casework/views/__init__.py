"""The pages on which a case is opened, and those on which it is changed."""
