"""Calibration: how much capacity is enough, found by simulating a grid of backstop terms over scenarios and seeds.

Nothing here knows how a simulation is made: it asks for one with terms and a seed, and counts what came of it.
"""
