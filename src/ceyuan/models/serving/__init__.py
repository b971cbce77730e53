"""Serving: which models are served under which names, by the embedded engine or by upstream servers, and the files
that the engine runs. Who may call them, what a call costs and what is kept of it is the gateway's business.
"""

from ceyuan.models.serving.cache import ModelCache, cache_folder
from ceyuan.models.serving.candidates import ReleaseBook, is_released
from ceyuan.models.serving.catalogue import DEFAULT_MODEL, KNOWN, ModelFile, find_file
from ceyuan.models.serving.directory import ModelDirectory
from ceyuan.models.serving.engine import EngineState
from ceyuan.models.serving.errors import (
    EngineUnavailable,
    LicenceNotAccepted,
    ModelFileUnavailable,
    ModelNotServed,
    NameTaken,
)
from ceyuan.models.serving.fetch import default_sources, fetch_file
from ceyuan.models.serving.files import model_cache
from ceyuan.models.serving.routes import Capability, Place, Replica, Route
from ceyuan.models.serving.service import (
    EngineOptions,
    NewReplica,
    NewServed,
    Routing,
    change_served,
    list_served,
    see_served,
    serve_model,
    set_routing,
    stop_serving,
)
from ceyuan.models.serving.tables import ServedModel, Upstream
from ceyuan.models.serving.upstreams import NewUpstream, add_upstream, change_upstream, remove_upstream

__all__ = [
    "DEFAULT_MODEL",
    "KNOWN",
    "Capability",
    "EngineOptions",
    "EngineState",
    "EngineUnavailable",
    "LicenceNotAccepted",
    "ModelCache",
    "ModelDirectory",
    "ModelFile",
    "ModelFileUnavailable",
    "ModelNotServed",
    "NameTaken",
    "NewReplica",
    "NewServed",
    "NewUpstream",
    "Place",
    "ReleaseBook",
    "Replica",
    "Route",
    "Routing",
    "ServedModel",
    "Upstream",
    "add_upstream",
    "cache_folder",
    "change_served",
    "change_upstream",
    "default_sources",
    "fetch_file",
    "find_file",
    "is_released",
    "list_served",
    "model_cache",
    "remove_upstream",
    "see_served",
    "serve_model",
    "set_routing",
    "stop_serving",
]
