"""Does this body come from the gateway, and was it sent just now?"""

import hashlib
import hmac
import re
import time

MAX_AGE_SECONDS = 300


def is_from_gateway(body: bytes, signature: str, secret: str) -> bool:
    """`body`: the raw bytes. `signature`: the header `x-turnpike-signature`, `t=1768478400,v1=5f0c…`."""
    match = re.fullmatch(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})", signature or "")
    if not match or abs(time.time() - int(match[1])) > MAX_AGE_SECONDS:
        return False
    expected = hmac.new(secret.encode(), match[1].encode() + b"." + body, hashlib.sha256)
    return hmac.compare_digest(expected.hexdigest(), match[2])
