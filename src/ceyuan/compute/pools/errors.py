"""What may go wrong with pools."""

from ceyuan.kernel.errors import Conflict, Invalid, NotFound


class PoolNotFound(NotFound):
    code = "pool_not_found"
    title = ("没有这个资源池", "No such pool")


class NodeNotFound(NotFound):
    code = "pool_node_not_found"
    title = ("资源池中没有这个节点", "No such node in the pool")


class PoolNameTaken(Conflict):
    code = "pool_name_taken"
    title = ("名称已被占用", "The name is taken")


class PoolUnreachable(Invalid):
    """The pool or host was tried at once and did not work; nothing was kept."""

    code = "pool_unreachable"
    title = ("无法连接或使用该资源池", "The pool cannot be reached or used")


class PoolInUse(Conflict):
    """Tasks still run there."""

    code = "pool_in_use"
    title = ("资源池中仍有任务", "Tasks still run in the pool")


class PoolUnsuitable(Conflict):
    """The kind of pool has no such operation."""

    code = "pool_unsuitable"
    title = ("该类资源池不支持此操作", "This kind of pool cannot do that")
