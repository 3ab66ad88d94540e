"""Documents that inclusive canonicalisation can stumble over, by name."""

from __future__ import annotations

from typing import Final

from forgery import NS

DOCUMENTS: Final[dict[str, bytes]] = {
    "plain": b"<a><b>test</b></a>",
    "empty": b"<a/>",
    "empty with attributes": b"<p:a xmlns:p='urn:p' p:b='&gt;/' c='2' />",
    "declarations that nothing uses": b'<a xmlns:z="urn:z" xmlns:y="urn:y"><b xmlns:z="urn:other"/></a>',
    "default namespaces on three levels": b"""<Op xmlns="urn:m"><a>1</a><b xmlns="">2</b>
        <c xmlns="urn:c"><d xmlns="urn:m"/></c></Op>""",
    "no namespace declared": b'<p:Op xmlns="" xmlns:p="urn:p"><a xmlns=""/></p:Op>',
    "xml attributes": b"""<m:Op xmlns:m="urn:m" xml:lang="kk" xml:space="preserve" xml:base="http://x/">
        <m:a xml:lang="ru">  1  </m:a></m:Op>""",
    "names in values": b"""<m:Op xmlns:m="urn:m" xmlns:cs="urn:cs"
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><m:data xsi:type="cs:Request">cs:v</m:data></m:Op>""",
    "ds prefix that means another thing": b'<ds:Op xmlns:ds="urn:other"><ds:a/></ds:Op>',
    "ds prefix declared already": f'<Op xmlns:ds="{NS["ds"]}"><a/></Op>'.encode(),
    "signature's namespace is the default one": f'<p:Op xmlns="{NS["ds"]}" xmlns:p="urn:p"/>'.encode(),
    "characters by reference, CDATA, line ends": (
        '<Op b="&#9;&#10;&#13;&quot;&lt;" a=\'"\'>&#13;<![CDATA[<&>\r\n]]>&#x2028; &gt; \u0498\U0001f600</Op>'
    ).encode(),
    "comments and instructions inside": b"<Op><!-- a --><?in x?><b><!-- c --></b><?in  y ?></Op>",
    "comments outside": b"<?xml version='1.0'?><!-- before -->\n<Op><a/></Op>\n<!-- after -->",
    "attributes in disorder": b'<Op xmlns:z="urn:a" xmlns:a="urn:z" z:x="1" a:x="2" y="3" b="4"/>',
    "declaration": b'<?xml version="1.0" encoding="utf-8" standalone="no"?>\r\n<a>\r\n<b/>\r\n</a>\r\n',
    "UTF-8 with a mark": b"\xef\xbb\xbf<a>\xd3\x98</a>",
    "UTF-16": '<?xml version="1.0" encoding="UTF-16"?><a>Әбу</a>'.encode("utf-16"),
    "UTF-16 without a mark": '<?xml version="1.0" encoding="UTF-16"?><a>Ұ</a>'.encode("utf-16-be"),
}
