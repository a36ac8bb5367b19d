"""What several claims measure with."""
