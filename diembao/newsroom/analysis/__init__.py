"""What analysts ask: how much, by whom, about what, where, and is it more than usual."""
