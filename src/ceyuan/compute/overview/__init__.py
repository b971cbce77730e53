"""What an operator wants to see at once: capacity and its use now and over time, who waits and why, spend and carbon.

Everything is read from the rows of pools and tasks; only how capacity changed is written down here, since pools know
no past. People see shared pools and the tasks of their own organisations, operators see all.
"""
