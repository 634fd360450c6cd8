"""Alerts: who is told what, when. An alert watches the query of a search; the worker keeps the watch.

alert → what somebody wants; rules → when a condition is met, pure; watching → the worker's round; telling → what is due
becomes messages; webhooks, letters → how they go out; rehearsal → what an alert would have said, by the same rules.
"""
