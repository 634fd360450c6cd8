"""Text in, annotations out. Imports nothing of ours."""
