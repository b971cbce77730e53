"""What is dangerous in a file: a verdict for each, found without running or loading anything."""
