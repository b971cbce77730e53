"""Special characters by their names in roff (groff_char(7))."""

import re
import unicodedata

__all__ = ["special"]

_NAMED = dict(
    pair.split(" ", 1)
    for pair in (
        "hy -|mi -|- -|en –|em —|bu •|aq '|dq \"|lq “|rq ”|oq ‘|cq ’|bq ‚|Bq „|ga `|ha ^|ti ~|rs \\|sl /|ul _|ru _|bv |"
        "sh #|Do $|at @|co ©|rg ®|tm ™|de °|+- ±|mu ×|di ÷|>= ≥|<= ≤|!= ≠|== ≡|~~ ≈|~= ≅|=~ ≅|-> →|<- ←|<> ↔|ua ↑|da ↓|"
        "va ↕|rA ⇒|lA ⇐|hA ⇔|uA ⇑|dA ⇓|Fo «|Fc »|fo ‹|fc ›|lB [|rB ]|lC {|rC }|la ⟨|ra ⟩|ss ß|ae æ|AE Æ|oe œ|OE Œ|"
        "o/ ø|O/ Ø|-D Ð|Sd ð|TP Þ|Tp þ|IJ Ĳ|ij ĳ|.i ı|r! ¡|r? ¿|Of ª|Om º|12 ½|14 ¼|34 ¾|S1 ¹|S2 ²|S3 ³|ps ¶|sc §|dg †|"
        "dd ‡|ct ¢|Po £|Ye ¥|Eu €|eu €|Cs ¤|pl +|eq =|** ∗|if ∞|pd ∂|sr √|sqrt √|no ¬|tno ¬|ap ∼|pt ∝|es ∅|mo ∈|nm ∉|"
        "sb ⊂|sp ⊃|ib ⊆|ip ⊇|ca ∩|cu ∪|AN ∧|OR ∨|fa ∀|te ∃|st ∋|sum ∑|product ∏|integral ∫|gr ∇|is ∫|tf ∴|3d ∴|pc ·|"
        "md ⋅|fm ′|sd ″|aa ´|a^ ^|a~ ~|ad ¨|a- ¯|ac ¸|ao ˚|ho ˛|OK ✓|CR ↵|sq □|ci ○|lz ◊|lh ☜|rh ☞|CL ♣|SP ♠|HE ♥|DI ♦|"
        "ff ff|fi fi|fl fl|Fi ffi|Fl ffl|%0 ‰|lt ⎧|lk ⎨|lb ⎩|rt ⎫|rk ⎬|rb ⎭|*a α|*b β|*g γ|*d δ|*e ε|*z ζ|*y η|*h θ|"
        "*i ι|*k κ|*l λ|*m μ|*n ν|*c ξ|*o ο|*p π|*r ρ|*s σ|ts ς|*t τ|*u υ|*f φ|*x χ|*q ψ|*w ω|*A Α|*B Β|*G Γ|*D Δ|*E Ε|"
        "*Z Ζ|*Y Η|*H Θ|*I Ι|*K Κ|*L Λ|*M Μ|*N Ν|*C Ξ|*O Ο|*P Π|*R Ρ|*S Σ|*T Τ|*U Υ|*F Φ|*X Χ|*Q Ψ|*W Ω"
    )
    .replace("|bv |", "|")
    .split("|")
) | {"bv": "|", "ba": "|", "or": "|", "br": "│", "bb": "¦"}
_ACCENTS = dict(
    zip("'`^:~,vo-\"./", "\u0301\u0300\u0302\u0308\u0303\u0327\u030c\u030a\u0304\u030b\u0307\u0338", strict=True)
)
_CODE = re.compile(r"char([0-9]{2,3})")
_POINT = re.compile(r"u([0-9A-F]{4,6}(?:_[0-9A-F]{4,6})*)")


def special(name: str) -> str:
    r"""The character that ``\(name`` or ``\[name]`` stands for; empty where there is none of this name."""
    if name in _NAMED:
        return _NAMED[name]
    if points := _POINT.fullmatch(name):
        numbers = [int(part, 16) for part in points[1].split("_")]
        sound = all(32 <= number < 0x110000 and not 0xD800 <= number < 0xE000 for number in numbers)
        return unicodedata.normalize("NFC", "".join(map(chr, numbers))) if sound else ""
    if len(name) == 2 and name[0] in _ACCENTS and name[1].isalpha():
        return unicodedata.normalize("NFC", name[1] + _ACCENTS[name[0]])
    code = _CODE.fullmatch(name)
    return chr(int(code[1])) if code and 32 <= int(code[1]) < 256 else ""
