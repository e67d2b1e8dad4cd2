"""Functions of text in other character sets, by the names that IANA has for them."""

from __future__ import annotations

import base64
import codecs
from typing import TYPE_CHECKING, Final

from amlplan.config.expressions.functions.encoding import decoded_base64
from amlplan.config.expressions.functions.function import Function, FunctionFailure, Parameter
from amlplan.config.expressions.types import STRING

if TYPE_CHECKING:
    from amlplan.values import Value

_STRING: Final = Parameter("string", STRING)
_ENCODING: Final = Parameter("encoding", STRING)
# What Python calls a character set, and its names in the registry of IANA, in small letters.
_NAMES: Final = """
ascii ansi_x3.4-1968 ansi_x3.4-1986 cp367 csascii ibm367 iso-ir-6 iso646-us iso_646.irv:1991 us
ascii us-ascii
big5 big5 csbig5
cp037 cp037 csibm037 ebcdic-cp-ca ebcdic-cp-nl ebcdic-cp-us ebcdic-cp-wt ibm037
cp1140 ccsid01140 cp01140 ebcdic-us-37+euro ibm01140
cp1250 cswindows1250 windows-1250
cp1251 cswindows1251 windows-1251
cp1252 cswindows1252 windows-1252
cp1253 cswindows1253 windows-1253
cp1254 cswindows1254 windows-1254
cp1255 cswindows1255 windows-1255
cp1256 cswindows1256 windows-1256
cp1257 cswindows1257 windows-1257
cp1258 cswindows1258 windows-1258
cp437 437 cp437 cspc8codepage437 ibm437
cp850 850 cp850 cspc850multilingual ibm850
cp852 852 cp852 cspcp852 ibm852
cp855 855 cp855 csibm855 ibm855
cp858 ccsid00858 cp00858 ibm00858 pc-multilingual-850+euro
cp860 860 cp860 csibm860 ibm860
cp862 862 cp862 cspc862latinhebrew ibm862
cp863 863 cp863 csibm863 ibm863
cp865 865 cp865 csibm865 ibm865
cp866 866 cp866 csibm866 ibm866
cp874 windows-874
euc_jp cseucpkdfmtjapanese euc-jp extended_unix_code_packed_format_for_japanese
euc_kr cseuckr euc-kr
gb18030 csgb18030 gb18030
gbk cp936 csgbk gbk ms936 windows-936
hz hz-gb-2312
iso2022_jp csiso2022jp iso-2022-jp
iso8859_10 csisolatin6 iso-8859-10 iso-ir-157 iso_8859-10:1992 l6 latin6
iso8859_13 csiso885913 iso-8859-13
iso8859_14 csiso885914 iso-8859-14 iso-celtic iso-ir-199 iso_8859-14 iso_8859-14:1998 l8 latin8
iso8859_15 csiso885915 iso-8859-15 iso_8859-15 latin-9
iso8859_16 csiso885916 iso-8859-16 iso-ir-226 iso_8859-16 iso_8859-16:2001 l10 latin10
iso8859_2 csisolatin2 iso-8859-2 iso-ir-101 iso_8859-2 iso_8859-2:1987 l2 latin2
iso8859_3 csisolatin3 iso-8859-3 iso-ir-109 iso_8859-3 iso_8859-3:1988 l3 latin3
iso8859_4 csisolatin4 iso-8859-4 iso-ir-110 iso_8859-4 iso_8859-4:1988 l4 latin4
iso8859_5 csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso_8859-5 iso_8859-5:1988
iso8859_6 arabic asmo-708 csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i
iso8859_6 iso-ir-127 iso_8859-6 iso_8859-6:1987
iso8859_7 csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso_8859-7
iso8859_7 iso_8859-7:1987
iso8859_8 csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-8859-8-i iso-ir-138 iso_8859-8
iso8859_8 iso_8859-8-i iso_8859-8:1988
iso8859_9 csisolatin5 iso-8859-9 iso-ir-148 iso_8859-9 iso_8859-9:1989 l5 latin5
koi8_r cskoi8r koi8-r
koi8_u cskoi8u koi8-u
latin_1 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso_8859-1 iso_8859-1:1987 l1 latin1
mac_roman csmacintosh mac macintosh
shift_jis csshiftjis ms_kanji shift_jis
utf_16 csutf16 utf-16
utf_16_be csutf16be utf-16be
utf_16_le csutf16le utf-16le
utf_8 csutf8 utf-8
"""
_CODECS: Final = {
    name: codec for codec, *names in map(str.split, _NAMES.split("\n")[1:-1]) for name in names
}


def _codec(encoding: str) -> str:
    found = _CODECS.get(encoding.lower())
    if found is None:
        raise FunctionFailure(
            f'"{encoding}" is not a supported encoding. Use a name that IANA has registered, as '
            "UTF-8, UTF-16LE, ISO-8859-1, windows-1252 or Shift_JIS.",
            1,
        )
    return found


def _encode(text: str, encoding: str) -> Value:
    codec = _codec(encoding)
    try:
        raw = text.encode("utf_16_be" if codec == "utf_16" else codec)
    except UnicodeEncodeError as failure:
        raise FunctionFailure(f'{encoding} has no character "{text[failure.start]}".', 0) from None
    if codec == "utf_16":
        raw = codecs.BOM_UTF16_BE + raw
    return base64.b64encode(raw).decode("ascii")


def _decode(text: str, encoding: str) -> Value:
    codec = _codec(encoding)
    raw = decoded_base64(text)
    if codec == "utf_16" and not raw.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        codec = "utf_16_be"
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as failure:
        raise FunctionFailure(
            f"byte {failure.start} of what was decoded is not text in {encoding}.", 0
        ) from None


CHARACTER_SETS: Final = (
    Function("textdecodebase64", _decode, (_STRING, _ENCODING)),
    Function("textencodebase64", _encode, (_STRING, _ENCODING)),
)
