"""What people ask of metering: the use cases behind its pages, with their permission rules, and their HTTP form.

Rooms call the facade of `ceyuan.metering`; people, by console, command line or API, come to this desk.
"""
