"""The byte path of downloads: `GET /{owner}/{name}/resolve/{revision}/{path}` below FastAPI.

Addresses, headers and error codes are those that the Hugging Face Hub's clients expect
(https://huggingface.co/docs/huggingface_hub/guides/download); ranges and validators follow RFC 9110.
"""
