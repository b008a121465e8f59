"""Replaying in segments, and in other processes."""
