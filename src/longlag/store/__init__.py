"""The frontier: rows and points on disk, written whole or not at all. Imports neither torch nor pandas."""
