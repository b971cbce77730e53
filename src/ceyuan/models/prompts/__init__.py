"""Prompt templates: named texts with variables that a call names instead of sending them.

An organisation keeps them, each with numbered versions that never change; one version is in production. A call of
`/v1/chat/completions` gives `prompt_id` and `prompt_variables`, and the gateway puts the messages in their place before
it looks at anything else, so that limits, moderation, cache and records see what the model sees. Filling in is the
gateway's hook `PromptTemplates`.
"""
