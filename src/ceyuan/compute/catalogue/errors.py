"""What may go wrong in the partner catalogue."""

from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class PartnerNotFound(NotFound):
    code = "compute_partner_not_found"
    title = ("没有这个算力伙伴", "No such compute partner")


class SiteNotFound(NotFound):
    code = "compute_site_not_found"
    title = ("没有这个算力站点", "No such compute site")


class PoolNotFound(NotFound):
    code = "compute_pool_not_found"
    title = ("没有这个资源池", "No such compute pool")


class OfferNotFound(NotFound):
    code = "compute_offer_not_found"
    title = ("没有这个算力供给", "No such compute offer")


class IdentifierNotFound(NotFound):
    code = "compute_identifier_not_found"
    title = ("没有这个算力标识", "No such compute identifier")


class PartnerExists(Conflict):
    code = "compute_partner_exists"
    title = ("该组织已登记为算力伙伴", "The organisation is a compute partner already")


class TermsFrozen(Conflict):
    """Verified terms may not change behind the reviewers' back."""

    code = "compute_terms_frozen"
    title = ("已核验的内容不能直接修改", "What was verified cannot be changed in place")


class OfferExpired(Conflict):
    """The offer's own term, or the evidence of one of its figures, is over."""

    code = "compute_offer_expired"
    title = ("该供给已过期", "The offer is expired")


class OfferNotLive(Conflict):
    code = "compute_offer_not_live"
    title = ("该供给当前不可用", "The offer is not live")


class AcceleratorUnknown(Invalid):
    code = "compute_accelerator_unknown"
    title = ("未知的加速卡", "Unknown accelerator")


class RegionUnknown(Invalid):
    code = "compute_region_unknown"
    title = ("未知的区域", "Unknown region")


class PriceInvalid(Invalid):
    code = "compute_price_invalid"
    title = ("价格有误", "The prices do not hold together")


class MeasuredByOthers(Forbidden):
    """A supplier cannot call its own figure measured."""

    code = "compute_measured_by_others"
    title = ("实测值由平台登记", "Measured figures are entered by the platform")
