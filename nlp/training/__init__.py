"""Making the models of this package again, from labels and texts kept outside it."""
