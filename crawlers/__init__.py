"""What reads the newspapers: sources, spiders, politeness, the archive writer."""
