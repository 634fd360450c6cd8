"""Điểm báo: composed of approved stories, ordered by people, approved, frozen, exported, mailed, published."""
