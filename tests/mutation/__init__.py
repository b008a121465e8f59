"""How strong the checks are: small bugs in the core, one at a time, and which check notices each."""
