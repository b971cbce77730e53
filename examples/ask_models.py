"""Ask every chat model that the platform serves the same question, with OpenAI's own client.

CEYUAN_URL=http://127.0.0.1:8080 CEYUAN_TOKEN=cyk_… python examples/ask_models.py "一年有几个季节?"
"""

import os
import sys

from openai import OpenAI


def main(question: str) -> None:
    url = os.environ.get("CEYUAN_URL", "http://127.0.0.1:8080")
    client = OpenAI(base_url=f"{url}/v1", api_key=os.environ["CEYUAN_TOKEN"], organization=os.environ.get("CEYUAN_ORG"))
    for model in client.models.list():
        stream = client.chat.completions.create(
            model=model.id, messages=[{"role": "user", "content": question}], max_tokens=64, stream=True
        )
        print(f"{model.id}: ", end="")
        for chunk in stream:
            if chunk.choices:
                print(chunk.choices[0].delta.content or "", end="", flush=True)
        print()


if __name__ == "__main__":
    main(sys.argv[1])
