"""Uploads in an S3-compatible bucket. Imported only where one is set: boto3 is heavy."""

from typing import Any, Final

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from storages.backends.s3 import S3Storage

_CONNECT: Final = 5
_READ: Final = 30


class BucketStorage(S3Storage):  # type: ignore[misc]  # It has no types.
    """Private objects, read and written by the site alone.

    Checksums are sent only where a request needs one, because many servers other than Amazon's
    refuse what newer SDKs add. One connection at a time for each upload: threads would cost more
    memory than they save time.
    """

    def get_default_settings(self) -> dict[str, Any]:
        """What no variable sets."""
        usual: dict[str, Any] = super().get_default_settings()
        return usual | {
            "default_acl": None,
            "querystring_auth": True,
            "file_overwrite": False,
            "max_memory_size": 1_000_000,
            "transfer_config": TransferConfig(use_threads=False),
            "client_config": Config(
                signature_version="s3v4",
                connect_timeout=_CONNECT,
                read_timeout=_READ,
                retries={"max_attempts": 3, "mode": "standard"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path" if self._is_elsewhere else "auto"},
            ),
        }

    def __init__(self, **options: Any) -> None:
        self._is_elsewhere = bool(options.get("endpoint_url"))
        super().__init__(**options)
