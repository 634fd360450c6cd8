"""What happens to an article without people."""
