"""The rules, one module each: the page a second time, the scenes it is proved over, and the claims."""
