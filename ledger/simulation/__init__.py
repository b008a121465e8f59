"""Simulation: an ordinary log made of real prices, a population of accounts, and the operator.

Nothing here decides what is right: prices are given, accounts are drawn, the operator proposes and the ledger answers.
"""
