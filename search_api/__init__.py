"""What people and programs see: JSON routes, the public section, the desk, analysis."""
