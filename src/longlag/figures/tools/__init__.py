"""What several figures share: how they are laid out, and how methods are drawn."""
