"""Data that many tests share."""
