"""Spiders of the Scrapy project."""
