"""The embedded inference engine: each model in a process of its own, started when it is wanted.

`Engines` keeps the processes; `worker.py` is the program that they run. What is served under which name,
to whom and at which price is not known here.
"""

from ceyuan.models.serving.engine.pool import Engines, EngineState, Lease, Load
from ceyuan.models.serving.engine.process import EngineProcess, EngineSpec

__all__ = ["EngineProcess", "EngineSpec", "EngineState", "Engines", "Lease", "Load"]
