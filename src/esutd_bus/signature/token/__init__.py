"""Keys that never leave their token: PKCS#11 (OASIS, version 2.40) behind `keys.SigningKey`.

    uri         which key of which token, as RFC 7512 names it
    module      a token's library in this process: one call at a time, sessions kept, forks survived
    key         the key with its certificate, and its signatures

Loaded only where a key is named so: the library under it takes a tenth of a second to import.
"""
