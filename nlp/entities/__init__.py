"""Persons with their office, organisations and places named in a text."""
