"""The client of another hub: lists, trees and files of a server that speaks the Hub's protocol, and of no address
inside. What is taken over, and what becomes of it, is for its users: mirrors of repositories, and sources of data."""

from ceyuan.hub.remote.client import Described, RemoteFile, RemoteHub, leads_inside
from ceyuan.hub.remote.faults import RemoteFault

__all__ = ["Described", "RemoteFault", "RemoteFile", "RemoteHub", "leads_inside"]
