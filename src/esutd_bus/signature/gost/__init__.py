"""Kazakhstan's GOST signatures: 34.10-2015 (512 and 256) and 34.310-2004, with their hashes.

    hashes          Streebog and 34.311-95; `libgcrypt` where it is present and right, else plain Python
    curves, point   three elliptic curves, and the arithmetic on them
    keys            public and private keys, and their octets
    signature       the equation that signs and verifies a digest (RFC 7091, 6)
    certificates    keys and signatures of certificates, revocation lists and answers that bear them
    algorithms      the closed list: one entry binds a curve, a hash, and their names in XML and X.509

Octets are little-endian throughout, and a signature is r‖s: the order of the national authority (НУЦ РК), which
is not that of RFC 9215.

Verifying handles public values alone. **Signing is not constant-time**: Python's big integers tell, in how long
they take, something of the private key. Sign with these only where nobody can measure: tests, and a key of
the service's own on a machine of its own.
"""
