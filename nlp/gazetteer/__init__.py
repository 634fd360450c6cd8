"""What we know of the province's geography and institutions, and where a text names it."""
