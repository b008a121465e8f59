"""Benchmarks that pytest-benchmark runs are told and stored as ratios too."""

from .ratios import pytest_runtest_call, pytest_terminal_summary

__all__ = ["pytest_runtest_call", "pytest_terminal_summary"]
