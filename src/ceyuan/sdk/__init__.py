"""The Python client: what programs do with a platform over its REST interface.

    from ceyuan.sdk import Client

    client = Client()  # CEYUAN_URL and CEYUAN_TOKEN, or url= and token=
    client.hub.upload("datasets/demo/corpus", "./folder")

Every fault is a `ceyuan.kernel.errors.CeyuanError` with a code, a message and a hint.
"""

from ceyuan.sdk.client import Client
from ceyuan.sdk.hub import Hub
from ceyuan.sdk.wire import PlatformProblem, Wire

__all__ = ["Client", "Hub", "PlatformProblem", "Wire"]
