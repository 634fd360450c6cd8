"""Stories: copies of one text, who had it first, and different texts on the same event. Pure functions of text."""
