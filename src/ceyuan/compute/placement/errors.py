"""What can be wrong with a placement's input."""


class PlacementError(ValueError):
    """The base of this engine's errors."""


class BadShape(PlacementError):
    """A request that cannot be meant: negative, a fraction of several accelerators, a share above one."""


class BadFleet(PlacementError):
    """Nodes that cannot be meant."""


class UnknownPlacement(PlacementError):
    """A placement that this placer did not make, or that was released before."""
