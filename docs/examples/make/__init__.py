"""What makes the example logs: `small` the short ones, `cascade` the day of a venue, each module one part of it."""
