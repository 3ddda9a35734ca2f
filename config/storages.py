"""Where uploads are kept: in the data directory, or in a bucket that `STORAGE_S3_*` names."""

from importlib.util import find_spec
from typing import Any

from config.env import Environment


def storage(env: Environment) -> dict[str, Any]:
    """Django's settings of the storage of uploads. Nothing is imported for it here."""
    bucket = env.text("STORAGE_S3_BUCKET")
    options = {
        "bucket_name": bucket,
        "endpoint_url": env.url("STORAGE_S3_ENDPOINT") or None,
        "region_name": env.text("STORAGE_S3_REGION") or None,
        "access_key": env.secret("STORAGE_S3_ACCESS_KEY") or None,
        "secret_key": env.secret("STORAGE_S3_SECRET_KEY") or None,
        "location": env.text("STORAGE_S3_PREFIX").strip("/"),
    }
    if not bucket:
        if any(options.values()):
            env.refuse("STORAGE_S3_BUCKET must be set along with the other STORAGE_S3_ variables.")
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    if bool(options["access_key"]) != bool(options["secret_key"]):
        env.refuse("STORAGE_S3_ACCESS_KEY and STORAGE_S3_SECRET_KEY must be set together.")
    if not options["location"]:
        # What no row names is removed below the prefix: without one, another site's files, too.
        env.refuse("STORAGE_S3_PREFIX must be set: a folder in the bucket for this site alone.")
    if ".." in str(options["location"]).split("/"):
        env.refuse("STORAGE_S3_PREFIX must be a path without dots, such as parley/uploads.")
    if find_spec("storages") is None or find_spec("boto3") is None:
        env.refuse("STORAGE_S3_BUCKET needs: pip install 'django-storages[s3]'.")
    return {"BACKEND": "config.buckets.BucketStorage", "OPTIONS": options}
