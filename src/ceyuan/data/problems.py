"""The one exception of the data engines: a fault that a person can mend, told in both languages."""

__all__ = ["DataProblem"]


class DataProblem(Exception):
    """A fault in the input or the machine, with a stable code and one sentence in each language.

    Raised for what stops a whole run (an empty folder, a full disk, an unreachable registry). What spoils
    one file or one record only is a ``Rejection`` in the result instead, and the run goes on.
    """

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.message = (zh, en)
