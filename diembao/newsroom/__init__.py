"""What people do: the desk, publishing, and the rules that bind both."""
