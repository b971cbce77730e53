"""What may go wrong with the law assistant."""

from ceyuan.kernel.errors import Conflict, NotFound


class AssistantNotFound(NotFound):
    code = "law_assistant_not_found"
    title = ("没有这个法律助手", "No such law assistant")


class AssistantNotReady(Conflict):
    code = "law_assistant_not_ready"
    title = ("法律助手尚未就绪", "The law assistant is not ready yet")


class AnswerNotFound(NotFound):
    code = "law_answer_not_found"
    title = ("没有这条回答", "No such answer")


class ArticleNotFound(NotFound):
    code = "law_article_not_found"
    title = ("没有这一条文", "No such article")
