"""The platform as one process: settings, the list of rooms, the application, start and stop."""
