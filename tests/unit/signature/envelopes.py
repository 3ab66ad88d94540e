"""Envelopes that canonicalisation can stumble over, by name."""

from __future__ import annotations

from typing import Final

from forgery import NS, PLAIN

_SOAP = f'xmlns:soap="{NS["soap"]}"'
_WSU = NS["wsu"]

ENVELOPES: Final[dict[str, bytes]] = {
    "plain": PLAIN,
    "prefix of the payload declared on the Envelope": f"""
        <soap:Envelope {_SOAP} xmlns:m="urn:m" xmlns:unused="urn:unused">
          <soap:Header/><soap:Body><m:Op m:kind="x"><m:a/></m:Op></soap:Body>
        </soap:Envelope>""".strip().encode(),
    "default namespaces on three levels": f"""
        <Envelope xmlns="{NS["soap"]}"><Header><x xmlns=""/></Header><Body>
          <Op xmlns="urn:m"><a>1</a><b xmlns="">2</b><c xmlns="urn:c"><d xmlns="urn:m"/></c></Op>
        </Body></Envelope>""".strip().encode(),
    "no namespace under a default one": f"""
        <soap:Envelope {_SOAP} xmlns="urn:default"><soap:Body><Op xmlns=""><a>1</a></Op></soap:Body>
        </soap:Envelope>""".strip().encode(),
    "xml attributes on the Envelope": f"""
        <soap:Envelope {_SOAP} xml:lang="kk" xml:space="preserve"><soap:Body>
          <m:Op xmlns:m="urn:m" xml:lang="ru"><m:a>  1  </m:a></m:Op></soap:Body></soap:Envelope>""".strip().encode(),
    "names in values": f"""
        <soap:Envelope {_SOAP} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cs="urn:cs"><soap:Body>
          <m:Op xmlns:m="urn:m"><m:data xsi:type="cs:Request">cs:value</m:data></m:Op></soap:Body>
        </soap:Envelope>""".strip().encode(),
    "prefix declared anew inside": f"""
        <soap:Envelope {_SOAP} xmlns:p="urn:outer"><soap:Body><p:Op p:k="1">
          <p:a xmlns:p="urn:inner" p:k="2"><q:b xmlns:q="urn:outer"/></p:a><p:c/></p:Op></soap:Body>
        </soap:Envelope>""".strip().encode(),
    "soap prefix declared anew on the Body": f"""
        <e:Envelope xmlns:e="{NS["soap"]}"><b:Body xmlns:b="{NS["soap"]}" b:encodingStyle="urn:none">
          <Op/></b:Body></e:Envelope>""".strip().encode(),
    "characters by reference, CDATA, line ends": (
        f'<soap:Envelope {_SOAP}><soap:Body>\r\n<m:Op xmlns:m="urn:m" b="&#9;&#10;&#13;&quot;&lt;" a=\'"\'>'
        "&#13;<![CDATA[<&>\r\n]]>&#x2028; &gt; \u0498\U0001f600</m:Op>\r\n</soap:Body></soap:Envelope>"
    ).encode(),
    "comments and instructions": f"""<?xml version='1.0'?><!-- before --><?before x?>
        <soap:Envelope {_SOAP}><!-- a --><soap:Body><!-- b --><?in x?><m:Op xmlns:m="urn:m"><!-- c --><m:a/>
        <?in  y ?></m:Op></soap:Body></soap:Envelope><!-- after -->""".encode(),
    "attributes in disorder": f"""
        <soap:Envelope {_SOAP} xmlns:z="urn:a" xmlns:a="urn:z"><soap:Body><Op z:x="1" a:x="2" y="3" b="4"/></soap:Body>
        </soap:Envelope>""".strip().encode(),
    "Body with an identifier": f"""
        <soap:Envelope {_SOAP} xmlns:wsu="{_WSU}"><soap:Body wsu:Id="body-1"><Op/></soap:Body></soap:Envelope>
        """.strip().encode(),
    "wsu prefix that means another thing": f"""
        <soap:Envelope {_SOAP} xmlns:wsu="urn:other"><soap:Body><wsu:Op wsu:Id="x"/></soap:Body></soap:Envelope>
        """.strip().encode(),
    "header with a block of its own": f"""
        <soap:Envelope {_SOAP}><soap:Header ><t:Trace xmlns:t="urn:t">1</t:Trace> </soap:Header >
        <soap:Body ><Op/></soap:Body></soap:Envelope>""".strip().encode(),
    "header as an empty tag with an attribute": (
        f'<soap:Envelope {_SOAP}><soap:Header t:a=">" xmlns:t="urn:t" /><soap:Body><Op/></soap:Body></soap:Envelope>'
    ).encode(),
    "UTF-16": f"""<?xml version="1.0" encoding="UTF-16"?>
        <soap:Envelope {_SOAP}><soap:Header/><soap:Body><m:Op xmlns:m="urn:m">Әбу</m:Op></soap:Body>
        </soap:Envelope>""".encode("utf-16"),
    "UTF-16 without a mark": (
        f'<?xml version="1.0" encoding="UTF-16"?><soap:Envelope {_SOAP}><soap:Body><Op>Ұ</Op></soap:Body>'
        "</soap:Envelope>"
    ).encode("utf-16-be"),
    "UTF-8 with a mark": b"\xef\xbb\xbf" + PLAIN,
}
