"""A second factor: time-based one-time codes (TOTP, RFC 6238) from an app, and recovery codes on paper."""
