"""A log for other tools: as a trace that model checkers read, and as a regression test that pytest runs."""

from .itf import trace
from .regression import Subject, regression_test

__all__ = ["Subject", "regression_test", "trace"]
