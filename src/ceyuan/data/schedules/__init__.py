"""Schedules: collecting and cleaning begin by themselves, at the times that a crontab line names.

A schedule holds what a person could start by hand, and runs with that person's rights of the moment. Times are missed
rather than doubled: while the last run goes on, the next one waits for its time; of those that passed while the
platform was down one begins when it is back.
"""
