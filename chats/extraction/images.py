"""Images: a small one for pages and one in the size that models look at, both without metadata."""

import base64
import io
from typing import IO, Any, Final

from chats.extraction import RefusedError

LARGEST_FOR_MODELS: Final = 2048
"""Pixels of the longer side. Models shrink what is larger themselves."""
LARGEST_FOR_PAGES: Final = 512
MAX_PIXELS: Final = 50_000_000
_MOST_BYTES: Final = 3_500_000
"""Of a PNG for models: encoded as text it must stay under 5 MB."""
_LARGEST_PROFILE: Final = 100_000


def read(file: IO[bytes], formats: tuple[str, ...]) -> dict[str, Any]:
    """Both as base64, with width and height as the image is to be seen. Raises RefusedError."""
    from PIL import Image, ImageOps  # noqa: PLC0415  only in its process

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with Image.open(file, formats=formats) as image:
            if image.width * image.height > MAX_PIXELS:
                raise RefusedError("bomb")
            turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            size = (image.height, image.width) if turned else image.size
            image.thumbnail(
                (LARGEST_FOR_MODELS, LARGEST_FOR_MODELS), Image.Resampling.LANCZOS, reducing_gap=2
            )
            upright = ImageOps.exif_transpose(image)
            profile = upright.info.get("icc_profile") if upright.mode in ("RGB", "RGBA") else None
            clear = upright.has_transparency_data
            seen = upright.convert("RGBA" if clear else "RGB")
    except Image.DecompressionBombError as error:
        raise RefusedError("bomb") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise RefusedError("damaged") from error
    kept = {"icc_profile": profile} if profile and len(profile) < _LARGEST_PROFILE else {}
    data, kind = _for_models(seen, kept)
    seen.thumbnail((LARGEST_FOR_PAGES, LARGEST_FOR_PAGES), Image.Resampling.LANCZOS)
    small = io.BytesIO()
    seen.save(small, "WEBP", quality=80, **kept)
    return {
        "width": size[0],
        "height": size[1],
        "reduced": base64.b64encode(data).decode(),
        "reduced_type": kind,
        "thumbnail": base64.b64encode(small.getvalue()).decode(),
    }


def _for_models(image: Any, kept: dict[str, Any]) -> tuple[bytes, str]:
    """As PNG where something is transparent and it stays small, else as JPEG on white."""
    from PIL import Image  # noqa: PLC0415  only in its process

    buffer = io.BytesIO()
    if image.mode == "RGBA":
        image.save(buffer, "PNG", **kept)
        if buffer.tell() <= _MOST_BYTES:
            return buffer.getvalue(), "png"
        buffer = io.BytesIO()
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        image = white
    image.save(buffer, "JPEG", quality=90, **kept)
    return buffer.getvalue(), "jpg"
