"""Put a folder of texts into the hub as a dataset, change it, and see what changed.

CEYUAN_URL=http://127.0.0.1:8080 CEYUAN_TOKEN=cyk_… python examples/publish_dataset.py OWNER/NAME
"""

import sys
import tempfile
from pathlib import Path

from ceyuan.sdk import Client

CARD = """---
license: cc-by-4.0
language: zh
---
# 四季
Four sentences about the seasons, an example.
"""


def main(name: str) -> None:
    reference = f"datasets/{name}"
    with Client() as client, tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "README.md").write_text(CARD, encoding="utf-8")
        (folder / "seasons.txt").write_text("春有百花秋有月，\n夏有凉风冬有雪。\n", encoding="utf-8")
        client.hub.create("dataset", name, exist_ok=True)
        first = client.hub.upload(reference, folder, message="Two lines")
        with (folder / "seasons.txt").open("a", encoding="utf-8") as file:
            file.write("若无闲事挂心头，\n便是人间好时节。\n")
        second = client.hub.upload(reference, folder, message="The other two")
        print("first ", first["commit"])
        print("second", second["commit"])
        for change in client.hub.diff(reference, first["commit"], second["commit"])["items"]:
            print(change)


if __name__ == "__main__":
    main(sys.argv[1])
