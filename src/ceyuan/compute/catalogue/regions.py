"""Regions where sites may stand: the five of the Beijing ring and the other national computing hubs.

Codes are those of GB/T 2260 (first six digits of a province's administrative division), coordinates are the
provincial capital's (or the hub cluster's) in degrees, good enough for a drawing.
"""

from __future__ import annotations

from dataclasses import dataclass

from ceyuan.kernel.errors import Text


@dataclass(frozen=True, slots=True)
class Region:
    """A region: name, administrative code, labels, longitude and latitude, whether it is of the Beijing ring."""

    name: str
    code: str
    label: Text
    longitude: float
    latitude: float
    ring: bool


def _region(name: str, code: str, zh: str, en: str, longitude: float, latitude: float, *, ring: bool = False) -> Region:
    return Region(name, code, (zh, en), longitude, latitude, ring)


REGIONS: dict[str, Region] = {
    region.name: region
    for region in (
        _region("beijing", "110000", "北京", "Beijing", 116.4, 39.9, ring=True),
        _region("tianjin", "120000", "天津", "Tianjin", 117.2, 39.1, ring=True),
        _region("hebei", "130000", "河北", "Hebei", 114.9, 40.8, ring=True),
        _region("shanxi", "140000", "山西", "Shanxi", 112.5, 37.9, ring=True),
        _region("neimenggu", "150000", "内蒙古", "Inner Mongolia", 111.7, 40.8, ring=True),
        _region("liaoning", "210000", "辽宁", "Liaoning", 123.4, 41.8),
        _region("shanghai", "310000", "上海", "Shanghai", 121.5, 31.2),
        _region("jiangsu", "320000", "江苏", "Jiangsu", 118.8, 32.1),
        _region("zhejiang", "330000", "浙江", "Zhejiang", 120.2, 30.3),
        _region("anhui", "340000", "安徽", "Anhui", 118.4, 31.3),
        _region("shandong", "370000", "山东", "Shandong", 117.0, 36.7),
        _region("henan", "410000", "河南", "Henan", 113.6, 34.8),
        _region("hubei", "420000", "湖北", "Hubei", 114.3, 30.6),
        _region("guangdong", "440000", "广东", "Guangdong", 113.6, 24.8),
        _region("chongqing", "500000", "重庆", "Chongqing", 106.6, 29.6),
        _region("sichuan", "510000", "四川", "Sichuan", 104.1, 30.7),
        _region("guizhou", "520000", "贵州", "Guizhou", 106.6, 26.6),
        _region("shaanxi", "610000", "陕西", "Shaanxi", 108.9, 34.3),
        _region("gansu", "620000", "甘肃", "Gansu", 107.6, 35.7),
        _region("ningxia", "640000", "宁夏", "Ningxia", 105.2, 37.5),
        _region("xinjiang", "650000", "新疆", "Xinjiang", 87.6, 43.8),
    )
}
