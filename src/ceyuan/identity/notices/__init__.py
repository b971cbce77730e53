"""What the platform tells people: the inbox with its to-do list, e-mail, signed webhooks, announcements.

A notice is written in the same transaction as its cause. Mails and webhooks are rows too, which a courier
delivers after the commit, again and again until they arrive or are given up.
"""
