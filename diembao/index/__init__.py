"""What we search: one protocol, two engines, the same answers in the same order."""
