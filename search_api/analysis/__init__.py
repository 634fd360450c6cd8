"""Analysis: search, trends and exports for those who must defend each number."""
