import subprocess
import sys

SCRIPT = """
import sys
import ceyuan.models.trainings.endpoints, ceyuan.models.trainings.wiring
print(*sorted({"torch", "pyarrow", "numpy", "tokenizers", "safetensors", "gguf"} & set(sys.modules)))
"""


def test_the_control_plane_loads_no_engine_for_training() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True)
    assert done.stdout.decode().strip() == ""
