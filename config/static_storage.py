"""Static files under hashed names, compressed, cached for ever; imports of modules included."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class ModuleStorage(CompressedManifestStaticFilesStorage):
    """Rewrites what one JavaScript module imports to the hashed name as well."""

    support_js_module_import_aggregation = True
