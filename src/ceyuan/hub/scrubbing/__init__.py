"""The regular look at all that is stored: every blob is read again, what is damaged is set aside and named."""
