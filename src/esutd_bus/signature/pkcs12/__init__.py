"""PKCS#12 files (RFC 7292), read by ourselves: `cryptography` cannot hold the keys of GOST files.

    ber             the encoding that Java's key stores are written in, turned into DER
    encryption      passwords into keys, what they encrypt, and the MAC over the whole
    rc2             the cipher under which older tools put the certificates
    container       the file: which keys and certificates are in it

Of a key only the octets of its PKCS#8 come out; `signature.keys` says what they are. Nothing here tells a password:
not in errors, not in reprs.
"""
