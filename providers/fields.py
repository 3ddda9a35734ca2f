"""A model field whose text is encrypted at rest and readable only on its own row.

Builds on the field of `django-encrypted-model-fields` and replaces two things in it: Fernet
(AES-128) by AES-256-GCM, and the silent hand-back of ciphertext when the key is wrong by an error.
"""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model, TextField
from django.db.models.query_utils import DeferredAttribute
from encrypted_model_fields import fields as encrypted_model_fields  # type: ignore[import-untyped]

from providers import cipher

if TYPE_CHECKING:
    Base = TextField[str, str]
else:
    Base = encrypted_model_fields.EncryptedTextField


class Sealed(str):
    """Text as it stands in the database: encrypted."""

    __slots__ = ()


class UnsealingAttribute(DeferredAttribute):
    """Decrypts when the attribute is read, because only then the row's key is known.

    A list of rows whose secrets nobody looks at costs no decryption.
    """

    field: "EncryptedTextField"

    def __get__(self, instance: Model | None, cls: type[Model] | None = None) -> Any:
        """The plaintext. Raises `cipher.DecryptionError`."""
        value = super().__get__(instance, cls)
        if instance is not None and isinstance(value, Sealed):
            value = cipher.decrypt(value, context=self.field.context_of(instance))
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance: Model, value: Any) -> None:
        # Having a setter gives this precedence over the instance's own dictionary.
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(Base):
    """Text encrypted with AES-256-GCM, bound to table, column and primary key.

    The row must have its primary key before it is saved (UUID keys do). Only `save()` and
    `bulk_create()` can write it: `update()` and `loaddata` know no row and raise `FieldError`.
    `values()` and `dumpdata` show the ciphertext. Renaming the table or column needs a data
    migration.
    """

    descriptor_class = UnsealingAttribute

    def context_of(self, instance: Model) -> str:
        """What the ciphertext is bound to."""
        if instance.pk is None:
            raise FieldError(f"{self.name} needs a primary key before it can be encrypted.")
        return f"{instance._meta.db_table}.{self.column}:{instance.pk}"

    def is_current(self, instance: Model) -> bool:
        """Whether what was loaded from the database is encrypted with the first master key."""
        stored = instance.__dict__.get(self.attname)
        return isinstance(stored, Sealed) and cipher.is_current(
            stored, context=self.context_of(instance)
        )

    def pre_save(self, model_instance: Model, add: bool) -> Sealed | None:
        """The text to store; encrypted anew at every save, with the first master key."""
        plaintext = getattr(model_instance, self.attname)
        if plaintext is None:
            return None
        return Sealed(cipher.encrypt(str(plaintext), context=self.context_of(model_instance)))

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Refuse what `pre_save` has not encrypted."""
        if value is None:
            return None
        if not isinstance(value, Sealed):
            raise FieldError(f"{self.name} is encrypted: use save(), not update().")
        return str(value)

    def from_db_value(self, value: str | None, *_: object) -> Sealed | None:
        """Mark the text as encrypted."""
        return None if value is None else Sealed(value)

    def to_python(self, value: Any) -> Any:
        """Keep text as it is: the kept field would try to decrypt it, and pass over a failure."""
        return Field.to_python(self, value)

    def value_to_string(self, obj: Model) -> str:
        """Ciphertext, so that no export holds the plaintext."""
        return self.pre_save(obj, add=False) or ""
