"""The desk: what editors, operators and administrators see after signing in."""
