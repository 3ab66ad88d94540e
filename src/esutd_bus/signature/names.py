"""The XML names a signature is made of, spelt once. Prefixes vary in real messages: Clark notation rules."""

from __future__ import annotations

from typing import Final

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
EC: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSSE11: Final = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
WSU: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

ENVELOPE: Final = f"{{{SOAP}}}Envelope"
HEADER: Final = f"{{{SOAP}}}Header"
BODY: Final = f"{{{SOAP}}}Body"
ACTOR: Final = f"{{{SOAP}}}actor"
ACTOR_NEXT: Final = "http://schemas.xmlsoap.org/soap/actor/next"

SECURITY: Final = f"{{{WSSE}}}Security"
SECURITY_TOKEN_REFERENCE: Final = f"{{{WSSE}}}SecurityTokenReference"
KEY_IDENTIFIER: Final = f"{{{WSSE}}}KeyIdentifier"
BINARY_SECURITY_TOKEN: Final = f"{{{WSSE}}}BinarySecurityToken"
TOKEN_REFERENCE: Final = f"{{{WSSE}}}Reference"
TOKEN_TYPE: Final = f"{{{WSSE11}}}TokenType"
TIMESTAMP: Final = f"{{{WSU}}}Timestamp"
CREATED: Final = f"{{{WSU}}}Created"
EXPIRES: Final = f"{{{WSU}}}Expires"
WSU_ID: Final = f"{{{WSU}}}Id"
ID: Final = "Id"
XML: Final = "http://www.w3.org/XML/1998/namespace"

X509V3: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
BASE64: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)

SIGNATURE: Final = f"{{{DS}}}Signature"
SIGNED_INFO: Final = f"{{{DS}}}SignedInfo"
CANONICALIZATION_METHOD: Final = f"{{{DS}}}CanonicalizationMethod"
SIGNATURE_METHOD: Final = f"{{{DS}}}SignatureMethod"
REFERENCE: Final = f"{{{DS}}}Reference"
TRANSFORMS: Final = f"{{{DS}}}Transforms"
TRANSFORM: Final = f"{{{DS}}}Transform"
DIGEST_METHOD: Final = f"{{{DS}}}DigestMethod"
DIGEST_VALUE: Final = f"{{{DS}}}DigestValue"
SIGNATURE_VALUE: Final = f"{{{DS}}}SignatureValue"
KEY_INFO: Final = f"{{{DS}}}KeyInfo"
X509_DATA: Final = f"{{{DS}}}X509Data"
X509_CERTIFICATE: Final = f"{{{DS}}}X509Certificate"
X509_ISSUER_SERIAL: Final = f"{{{DS}}}X509IssuerSerial"
X509_ISSUER_NAME: Final = f"{{{DS}}}X509IssuerName"
X509_SERIAL_NUMBER: Final = f"{{{DS}}}X509SerialNumber"
INCLUSIVE_NAMESPACES: Final = f"{{{EC}}}InclusiveNamespaces"
EXCLUSIVE_C14N: Final = EC
"""Exclusive XML Canonicalization 1.0 without comments: the algorithm's name is its namespace."""

C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
"""Canonical XML 1.0 without comments."""

C14N_WITH_COMMENTS: Final = f"{C14N}#WithComments"
"""Canonical XML 1.0 with comments; a reference to the whole document has none (XMLDSig 4.4.3.2)."""

ENVELOPED_SIGNATURE: Final = f"{DS}enveloped-signature"
"""The transform that leaves out the signature it stands in (XMLDSig 6.6.4)."""
