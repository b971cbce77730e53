"""What the identity room refuses, each with one clear message."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests, Unauthenticated


class NameInvalid(Invalid):
    """A name that cannot be part of an address."""

    code = "name_invalid"
    title = (
        "名称须为 2-39 个字母或数字,中间可用单个 - _ . 分隔",
        "A name has 2 to 39 letters or digits, with single - _ . between them",
    )


class NameReserved(Invalid):
    """A name that the platform keeps for itself."""

    code = "name_reserved"
    title = ("名称为平台保留", "The name is reserved")


class NameTaken(Conflict):
    """Somebody bears, or bore, this name."""

    code = "name_taken"
    title = ("名称已被使用", "The name is taken")


class EmailTaken(Conflict):
    """Another account uses this e-mail address."""

    code = "email_taken"
    title = ("该邮箱已被使用", "The e-mail address is in use")


class PersonNotFound(NotFound):
    """No such person."""

    code = "person_not_found"
    title = ("未找到该用户", "No such person")


class OrganisationNotFound(NotFound):
    """No such organisation, or none that the actor may know of."""

    code = "organisation_not_found"
    title = ("未找到该组织", "No such organisation")


class LastOwner(Conflict):
    """The organisation would be left without an owner."""

    code = "last_owner"
    title = ("组织至少需要一名所有者", "An organisation needs at least one owner")


class PersonalOrganisation(Conflict):
    """A personal namespace has one member and no life of its own."""

    code = "personal_organisation"
    title = ("个人空间不支持此操作", "A personal namespace cannot do this")


class WeakPassword(Invalid):
    """A password that is too short or too easy to guess."""

    code = "weak_password"
    title = ("密码不符合要求", "The password is too weak")


class SignInFailed(Unauthenticated):
    """Wrong name or password; it is not said which."""

    code = "sign_in_failed"
    title = ("用户名或密码错误", "Wrong name or password")


class PasswordWrong(SignInFailed):
    """The current password, asked for before a change of what guards the account, is wrong."""

    title = ("当前密码错误", "The current password is wrong")


class SecondFactorRequired(Unauthenticated):
    """The password was right; the account also asks for a code."""

    code = "second_factor_required"
    title = ("需要动态验证码", "A one-time code is required")


class TooManyAttempts(TooManyRequests):
    """Sign-in is paused for this account or address after wrong passwords."""

    code = "too_many_attempts"
    title = ("密码尝试过多,请稍后再试", "Too many attempts with a wrong password; try again later")


class AccountSuspended(Forbidden):
    """The account was suspended by an administrator."""

    code = "account_suspended"
    title = ("账号已停用", "The account is suspended")


class CsrfFailed(Forbidden):
    """A change was asked for with the session cookie but without its header token."""

    code = "csrf_failed"
    title = ("缺少或错误的 X-CSRF-Token 请求头", "The header X-CSRF-Token is missing or wrong")


class TokenRejected(Unauthenticated):
    """An access token that is unknown, expired or revoked."""

    code = "token_rejected"
    title = ("访问令牌无效、已过期或已吊销", "The access token is unknown, expired or revoked")


class OwnHandsOnly(Forbidden):
    """Only the person, signed in with a browser session, may do this: no token and no impersonator."""

    code = "own_hands_only"
    title = ("此操作须由本人登录后进行", "Only the person, signed in, can do this")


class LinkInvalid(Invalid):
    """A mailed link that is unknown, used or expired."""

    code = "link_invalid"
    title = ("链接无效、已使用或已过期", "The link is unknown, used or expired")


class InvitationInvalid(NotFound):
    """An invitation that is unknown, accepted, revoked or expired."""

    code = "invitation_invalid"
    title = ("邀请无效、已使用、已撤销或已过期", "The invitation is unknown, used, revoked or expired")


class SignUpClosed(Forbidden):
    """New accounts need an invitation."""

    code = "sign_up_closed"
    title = ("注册需要邀请", "Signing up needs an invitation")


class SignOnFailed(Unauthenticated):
    """The identity provider's answer cannot be trusted or was a refusal."""

    code = "sign_on_failed"
    title = ("单点登录失败", "Single sign-on failed")
