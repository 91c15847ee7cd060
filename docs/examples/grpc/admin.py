"""python admin.py make <alias> <usd> | budget <key> <usd> | spend <key> | block <key> | list

An admin client of the ledger, whole. Needs what requirements.txt names; the code for the .proto files is made on the fly.
"""

import os
import sys
from pathlib import Path

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc import error_details_pb2
from grpc_status import rpc_status

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "proto"))
common_pb2 = grpc.protos("turnpike/ledger/v1/common.proto")
keys_pb2, keys_pb2_grpc = grpc.protos_and_services("turnpike/ledger/v1/keys.proto")

NANO_PER_USD = 1_000_000_000
DEADLINE_SECONDS = 5


def read(variable: str) -> bytes | None:
    path = os.environ.get(variable)
    return Path(path).read_bytes() if path else None


def open_channel() -> grpc.Channel:
    """Without a certificate authority in clear: on this machine only. With a certificate of our own: mutual TLS."""
    address = os.environ.get("TURNPIKE_GRPC_ADDRESS", "127.0.0.1:50051")
    authority = read("LEDGER_CA")
    if authority is None:
        return grpc.insecure_channel(address)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(authority, read("LEDGER_KEY"), read("LEDGER_CERT")))


def usd(nano: int) -> str:
    return f"{nano / NANO_PER_USD:.9f}".rstrip("0").rstrip(".")


class Admin:
    def __init__(self, channel: grpc.Channel) -> None:
        self.keys = keys_pb2_grpc.KeyServiceStub(channel)
        # The master key, or the key of a proxy admin.
        self.options = {
            "metadata": [("authorization", f"Bearer {os.environ.get('LITELLM_MASTER_KEY', '')}")],
            "timeout": DEADLINE_SECONDS,
        }

    def make(self, alias: str, max_usd: str) -> None:
        """The secret is in this answer, and never again anywhere."""
        budget = common_pb2.Budget(max_nano_usd=round(float(max_usd) * NANO_PER_USD), duration="30d")
        key = keys_pb2.VirtualKey(key_alias=alias, budget=budget)
        made = self.keys.GenerateKey(keys_pb2.GenerateKeyRequest(key=key), **self.options)
        print(made.secret, made.key.token)

    def budget(self, key: str, max_usd: str) -> None:
        """The mask says what of `changes` is meant; what it names and `changes` lacks is cleared."""
        budget = common_pb2.Budget(max_nano_usd=round(float(max_usd) * NANO_PER_USD))
        request = keys_pb2.UpdateKeyRequest(
            key=key,
            changes=keys_pb2.VirtualKey(budget=budget),
            update_mask=FieldMask(paths=["budget.max_nano_usd"]),
        )
        changed = self.keys.UpdateKey(request, **self.options).key
        print(usd(changed.budget.max_nano_usd), changed.budget.duration)

    def spend(self, name: str) -> None:
        key = self.keys.GetKey(keys_pb2.GetKeyRequest(key=name), **self.options).key
        print(f"{usd(key.spend_nano_usd)} of {usd(key.budget.max_nano_usd)} USD")

    def block(self, name: str) -> None:
        key = self.keys.BlockKey(keys_pb2.BlockKeyRequest(key=name, blocked=True), **self.options).key
        print("blocked" if key.blocked else "let in")

    def list(self) -> None:
        """Page by page, until there are no more."""
        page = pages = 1
        while page <= pages:
            asked = common_pb2.PageRequest(page=page, size=2, sort_by="key_alias")
            answer = self.keys.ListKeys(keys_pb2.ListKeysRequest(page=asked), **self.options)
            pages = answer.page.total_pages
            for key in answer.keys:
                print(key.key_alias, key.key_name, "blocked" if key.blocked else "")
            page += 1


def describe(error: grpc.RpcError) -> str:
    """Beside the status: a stable code, the field at fault, what it is over HTTP, and when to try again."""
    said = f"{error.code().name}: {error.details()}"
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            facts = [info.reason, *(f"{name} {fact}" for name, fact in info.metadata.items())]
            return f"{said} ({', '.join(facts)})"
    return said


def main(command: str = "", *words: str) -> int:
    commands = {"make": 2, "budget": 2, "spend": 1, "block": 1, "list": 0}
    if commands.get(command) != len(words):
        print(__doc__.partition("\n")[0])
        return 1
    with open_channel() as channel:
        try:
            getattr(Admin(channel), command)(*words)
        except grpc.RpcError as error:
            print(describe(error), file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
