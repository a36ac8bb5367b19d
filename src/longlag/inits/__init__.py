"""Where training starts: one file per family of initialisations."""
