"""DataFrame -> DataFrame: what the figures and tables show. Imports no torch."""
