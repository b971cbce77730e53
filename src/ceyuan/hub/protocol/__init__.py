"""The protocol of the Hugging Face Hub, as its stock clients speak it: `/api/…` beside our REST, and Git LFS.

Addresses, shapes and status codes are those that huggingface_hub 0.36 to 2.x read
(https://github.com/huggingface/huggingface_hub, https://huggingface.co/docs/hub/api). It is another wording of what
the rooms beside it do: no rule lives here.
"""
