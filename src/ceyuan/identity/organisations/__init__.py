"""Organisations, their members and teams. Every person also has a personal organisation of the same name,
so that one table holds all owner names. What an organisation owns is the upper rooms' business."""
