"""The accelerators that pools may name. Peaks are dense; a sheet's figure "with sparsity" is halved.

`kind` tells how good the source is: figures marked `secondary` were not printed by the maker and may be off by a
variant; a pool's measured throughput stands above them in every comparison. `exchange` is the link between nodes
that the maker's reference system uses.
"""

from __future__ import annotations

from ceyuan.compute.accelerators.types import Accelerator, Kind, Precision

_HOPPER = "NVIDIA H100 Tensor Core GPU data sheet"
_EXPORT = "figures as reported by resellers; the maker prints no public sheet"


def _entry(
    name: str,
    vendor: str,
    label: str,
    peak: dict[Precision, float],
    memory: tuple[float, float],
    link: tuple[str, float],
    watts: float,
    source: tuple[str, Kind],
    exchange: str = "Ethernet",
) -> tuple[str, Accelerator]:
    made = Accelerator(name, vendor, label, peak, *memory, *link, watts, source[0], source[1], exchange)
    return name, made


def _nvidia() -> list[tuple[str, Accelerator]]:
    hopper: dict[Precision, float] = {"fp32": 67, "tf32": 494.7, "bf16": 989.4, "fp16": 989.4, "fp8": 1978.9}
    hopper["int8"] = 1978.9
    ampere: dict[Precision, float] = {"fp64": 19.5, "fp32": 19.5, "tf32": 156, "bf16": 312, "fp16": 312, "int8": 624}
    ib = "InfiniBand"
    return [
        _entry(
            "h200",
            "nvidia",
            "NVIDIA H200 SXM 141GB",
            {"fp64": 67, **hopper},
            (141, 4800),
            ("NVLink", 900),
            700,
            ("NVIDIA H200 Tensor Core GPU data sheet", "datasheet"),
            ib,
        ),
        _entry(
            "h100",
            "nvidia",
            "NVIDIA H100 SXM 80GB",
            {"fp64": 67, **hopper},
            (80, 3350),
            ("NVLink", 900),
            700,
            (_HOPPER, "datasheet"),
            ib,
        ),
        _entry(
            "h800",
            "nvidia",
            "NVIDIA H800 SXM 80GB",
            {"fp64": 1, **hopper},
            (80, 3350),
            ("NVLink", 400),
            700,
            (f"{_HOPPER}; NVLink and FP64 limits: arXiv 2412.19437 and resellers", "secondary"),
            ib,
        ),
        _entry(
            "h20",
            "nvidia",
            "NVIDIA H20 96GB",
            {"fp64": 1, "fp32": 44, "tf32": 74, "bf16": 148, "fp16": 148, "fp8": 296, "int8": 296},
            (96, 4000),
            ("NVLink", 900),
            400,
            (_EXPORT, "secondary"),
            ib,
        ),
        _entry(
            "a100",
            "nvidia",
            "NVIDIA A100 SXM 80GB",
            ampere,
            (80, 2039),
            ("NVLink", 600),
            400,
            ("NVIDIA A100 Tensor Core GPU data sheet", "datasheet"),
            ib,
        ),
        _entry(
            "a100_40g",
            "nvidia",
            "NVIDIA A100 SXM 40GB",
            ampere,
            (40, 1555),
            ("NVLink", 600),
            400,
            ("NVIDIA A100 Tensor Core GPU data sheet", "datasheet"),
            ib,
        ),
        _entry(
            "a800",
            "nvidia",
            "NVIDIA A800 SXM 80GB",
            ampere,
            (80, 2039),
            ("NVLink", 400),
            400,
            ("NVIDIA A100 data sheet; NVLink limit: resellers", "secondary"),
            ib,
        ),
        _entry(
            "v100",
            "nvidia",
            "NVIDIA V100 SXM2 32GB",
            {"fp64": 7.8, "fp32": 15.7, "fp16": 125},
            (32, 900),
            ("NVLink", 300),
            300,
            ("NVIDIA V100 Tensor Core GPU data sheet", "datasheet"),
            ib,
        ),
        _entry(
            "l40s",
            "nvidia",
            "NVIDIA L40S 48GB",
            {"fp32": 91.6, "tf32": 183, "bf16": 362, "fp16": 362, "fp8": 733, "int8": 733},
            (48, 864),
            ("PCIe 4.0", 64),
            350,
            ("NVIDIA L40S data sheet", "datasheet"),
        ),
        _entry(
            "a10",
            "nvidia",
            "NVIDIA A10 24GB",
            {"fp32": 31.2, "tf32": 62.5, "bf16": 125, "fp16": 125, "int8": 250},
            (24, 600),
            ("PCIe 4.0", 64),
            150,
            ("NVIDIA A10 data sheet", "datasheet"),
        ),
        _entry(
            "t4",
            "nvidia",
            "NVIDIA T4 16GB",
            {"fp32": 8.1, "fp16": 65, "int8": 130},
            (16, 320),
            ("PCIe 3.0", 32),
            70,
            ("NVIDIA T4 data sheet", "datasheet"),
        ),
    ]


def _chinese() -> list[tuple[str, Accelerator]]:
    return [
        _entry(
            "ascend910c",
            "ascend",
            "Ascend 910C 128GB",
            {"bf16": 752, "fp16": 752, "int8": 1504},
            (128, 3200),
            ("UB", 392),
            900,
            ("CloudMatrix384, arXiv 2506.12708 section 3.3; power: secondary", "paper"),
            "RoCE",
        ),
        _entry(
            "ascend910b",
            "ascend",
            "Ascend 910B 64GB",
            {"fp32": 75, "bf16": 313, "fp16": 313, "int8": 640},
            (64, 1600),
            ("HCCS", 392),
            400,
            ("press and reseller texts for the variant 910B3; other variants reach 280 to 376", "secondary"),
            "RoCE",
        ),
        _entry(
            "ascend910a",
            "ascend",
            "Ascend 910 32GB",
            {"fp16": 256, "int8": 512},
            (32, 1200),
            ("HCCS", 90),
            310,
            ("Huawei, Hot Chips 31 (2019)", "paper"),
            "RoCE",
        ),
        _entry(
            "mlu370_x8",
            "cambricon",
            "寒武纪 MLU370-X8 48GB",
            {"fp32": 24, "bf16": 96, "fp16": 96, "int8": 256},
            (48, 614.4),
            ("MLU-Link", 200),
            250,
            ("Cambricon product page of MLU370-X8", "datasheet"),
        ),
        _entry(
            "k100_ai",
            "hygon",
            "海光 K100_AI 64GB",
            {"fp32": 49, "tf32": 96, "bf16": 192, "fp16": 192, "int8": 392},
            (64, 896),
            ("PCIe 5.0", 64),
            350,
            ("reseller texts", "secondary"),
        ),
        _entry(
            "r200",
            "kunlunxin",
            "昆仑芯 R200 32GB",
            {"fp32": 32, "fp16": 128, "int8": 256},
            (32, 512),
            ("PCIe 4.0", 64),
            160,
            ("Kunlunxin product page of R200", "datasheet"),
        ),
        _entry(
            "p800",
            "kunlunxin",
            "昆仑芯 P800 64GB",
            {"bf16": 345, "fp16": 345, "int8": 690},
            (64, 1600),
            ("XPU Link", 200),
            400,
            ("press texts; the maker prints no public sheet", "secondary"),
            "RoCE",
        ),
        _entry(
            "s4000",
            "moorethreads",
            "摩尔线程 MTT S4000 48GB",
            {"fp32": 25, "tf32": 50, "bf16": 100, "fp16": 100, "int8": 200},
            (48, 768),
            ("MTLink", 240),
            450,
            ("Moore Threads product page of MTT S4000", "datasheet"),
        ),
        _entry(
            "bi_v100",
            "iluvatar",
            "天数智芯 天垓100 32GB",
            {"fp32": 37, "bf16": 147, "fp16": 147, "int8": 295},
            (32, 1200),
            ("PCIe 4.0", 64),
            250,
            ("Iluvatar CoreX product page of BI-V100", "datasheet"),
        ),
        _entry(
            "c500",
            "metax",
            "沐曦 曦云 C500 64GB",
            {"fp32": 36, "tf32": 140, "bf16": 280, "fp16": 280, "int8": 560},
            (64, 1800),
            ("MetaXLink", 192),
            350,
            ("press and reseller texts", "secondary"),
        ),
    ]


def _others() -> list[tuple[str, Accelerator]]:
    return [
        _entry(
            "mi300x",
            "amd",
            "AMD Instinct MI300X 192GB",
            {
                "fp64": 163.4,
                "fp32": 163.4,
                "tf32": 653.7,
                "bf16": 1307.4,
                "fp16": 1307.4,
                "fp8": 2614.9,
                "int8": 2614.9,
            },
            (192, 5300),
            ("Infinity Fabric", 896),
            750,
            ("AMD Instinct MI300X data sheet", "datasheet"),
            "RoCE",
        ),
        _entry(
            "mi250x",
            "amd",
            "AMD Instinct MI250X 128GB",
            {"fp64": 95.7, "fp32": 95.7, "bf16": 383, "fp16": 383, "int8": 383},
            (128, 3277),
            ("Infinity Fabric", 800),
            560,
            ("AMD Instinct MI250X data sheet", "datasheet"),
        ),
        _entry(
            "cpu",
            "cpu",
            "CPU",
            {},
            (0, 0),
            ("", 0),
            300,
            ("a node of processors only; what it does is measured", "none"),
        ),
    ]


ACCELERATORS: dict[str, Accelerator] = dict([*_nvidia(), *_chinese(), *_others()])
"""Accelerators by name, in the order in which lists show them."""
