"""JSON under `/api/v1`, and what operators' tools ask."""
