"""The loop: one full turn from sources to a released, metered, monitored service and back, as one durable job.

It only calls the rooms below it, each step through the same use case as a user would, so it is also the
shortest description of how they fit together.
"""
