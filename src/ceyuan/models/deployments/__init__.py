"""Deployments: a model's revision in the hub run by embedded engines behind the gateway, with replicas that follow the
load, updates that wait until the new revision is ready, canaries and shadows. How engines are kept alive and calls are
routed is serving's and the gateway's; this room says what shall run."""

from ceyuan.models.deployments.service import NewDeployment, deploy, list_deployments, see_deployment

__all__ = ["NewDeployment", "deploy", "list_deployments", "see_deployment"]
