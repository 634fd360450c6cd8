"""Điểm Báo Thái Nguyên: press monitoring for one Vietnamese province."""

__version__ = "0.1.0"
