"""People: their accounts, profiles and platform duties. How they prove who they are is next door
(passwords, second_factor, sign_on, tokens, sessions)."""
