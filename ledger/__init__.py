"""The reference model of a perpetual-futures clearing house with backstop liquidity."""
