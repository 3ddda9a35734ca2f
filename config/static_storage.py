"""Static files under hashed names, compressed, cached for ever; imports of modules included."""

import re
from typing import Any

from django.core.files.base import ContentFile
from servestatic.storage import CompressedManifestStaticFilesStorage

BUNDLES = ("css/site.css", "css/app.css", "css/shared.css")
"""Style sheets of nothing but imports: many small files to read, one request for the browser."""

_IMPORT = re.compile(r'^@import "([\w.-]+)";$', re.MULTILINE)


class SiteStorage(CompressedManifestStaticFilesStorage):
    """Joins style sheets, and rewrites what JavaScript modules import to the hashed names."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 12
    """Each pass settles the modules that import nothing unsettled: as many as a chain of imports is
    long. Circles never settle; then the start fails."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Any:
        """Put what bundles import in place of the imports before files are hashed."""
        if not dry_run:
            for bundle in BUNDLES:
                sheet = _IMPORT.sub(lambda found: self._read(f"css/{found[1]}"), self._read(bundle))
                self.delete(bundle)
                self.save(bundle, ContentFile(sheet.encode()))
                # Else the hash and the content would be those of the imports.
                paths[bundle] = (self, bundle)
        yield from super().post_process(paths, dry_run, **options)

    def _read(self, name: str) -> str:
        with self.open(name) as file:
            content: bytes = file.read()
        return content.decode()
