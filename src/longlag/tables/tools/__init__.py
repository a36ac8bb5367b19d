"""How tables are set."""
