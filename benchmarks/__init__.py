"""Speed side by side with what anyone would pick instead, and with the machine's own limit (README.md)."""
