"""The system of record: what we keep. One module of queries per noun."""
