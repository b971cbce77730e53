"""What may go wrong with a release."""

from ceyuan.kernel.errors import Conflict, NotFound


class ReleaseNotFound(NotFound):
    code = "release_not_found"
    title = ("没有这次发布", "No such release")


class ReleaseExists(Conflict):
    code = "release_exists"
    title = ("该版本已有发布流程", "This revision is being released already")
