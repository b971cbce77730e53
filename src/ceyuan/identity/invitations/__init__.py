"""Invitations: into an organisation with a role, or onto the platform; by link, by e-mail or into an inbox."""
