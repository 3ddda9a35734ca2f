"""The index of search: FTS5 on SQLite, tsvector with GIN on PostgreSQL (docs/decisions/0018)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# `ascii` leaves all beyond ASCII alone, and chats.words has done the rest; `_` begins the words
# that the index adds. Only what bm25 needs, and nothing here uses, is left out (columnsize).
SQLITE = """
CREATE VIRTUAL TABLE chats_searchwords USING fts5(
    words, content='chats_searchentry', content_rowid='id',
    tokenize="ascii tokenchars '_'", columnsize=0
);
CREATE TRIGGER chats_searchentry_added AFTER INSERT ON chats_searchentry BEGIN
    INSERT INTO chats_searchwords(rowid, words) VALUES (new.id, new.words);
END;
CREATE TRIGGER chats_searchentry_removed AFTER DELETE ON chats_searchentry BEGIN
    INSERT INTO chats_searchwords(chats_searchwords, rowid, words)
    VALUES ('delete', old.id, old.words);
END;
CREATE TRIGGER chats_searchentry_changed AFTER UPDATE OF id, words ON chats_searchentry BEGIN
    INSERT INTO chats_searchwords(chats_searchwords, rowid, words)
    VALUES ('delete', old.id, old.words);
    INSERT INTO chats_searchwords(rowid, words) VALUES (new.id, new.words);
END;
"""
SQLITE_BACK = """
DROP TRIGGER chats_searchentry_added;
DROP TRIGGER chats_searchentry_removed;
DROP TRIGGER chats_searchentry_changed;
DROP TABLE chats_searchwords;
"""
# Words and vector leave the row early: what is walked stays narrow.
POSTGRESQL = """
ALTER TABLE chats_searchentry ADD COLUMN vector tsvector NOT NULL DEFAULT '';
ALTER TABLE chats_searchentry SET (toast_tuple_target = 128);
CREATE INDEX chats_searchentry_vector ON chats_searchentry USING gin (vector);
"""
# The planner knows nothing of how words go together, and would at times read all vectors, or all
# entries from the newest on, in place of the index. What a function sets holds within it alone.
POSTGRESQL_FUNCTION = """
CREATE FUNCTION chats_search_matches(query tsquery, lowest bigint, beyond bigint)
RETURNS TABLE (id bigint, conversation_id uuid) LANGUAGE sql STABLE ROWS 50
SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off
SET max_parallel_workers_per_gather = 0 SET jit = off
AS $$
    SELECT e.id, e.conversation_id FROM chats_searchentry AS e
    WHERE e.vector @@ query AND e.id + 0 >= lowest AND e.id + 0 < beyond
    ORDER BY e.id DESC
$$;
"""
POSTGRESQL_BACK = "DROP FUNCTION chats_search_matches; ALTER TABLE chats_searchentry DROP COLUMN vector;"


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        _each_statement(schema_editor, SQLITE)
    else:
        schema_editor.execute(POSTGRESQL)
        schema_editor.execute(POSTGRESQL_FUNCTION, params=None)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        _each_statement(schema_editor, SQLITE_BACK)
    else:
        schema_editor.execute(POSTGRESQL_BACK)


def _each_statement(schema_editor, script):
    # SQLite's own executescript would end the migration's transaction.
    statement = ""
    for line in script.strip().splitlines():
        statement += line + "\n"
        inside = statement.startswith("CREATE TRIGGER") and not line.startswith("END;")
        if line.endswith(";") and not inside:
            schema_editor.execute(statement, params=None)
            statement = ""


class Migration(migrations.Migration):

    dependencies = [
        ('chats', '0011_chats_by_title'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='is_indexed',
            field=models.BooleanField(default=False, editable=False, help_text='Search finds all of it: chats.indexing.'),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(condition=models.Q(('deleted_at__isnull', True), ('is_indexed', False), ('is_temporary', False)), fields=['id'], name='conversation_not_indexed'),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(condition=models.Q(('deleted_at__isnull', False), ('is_indexed', True)), fields=['id'], name='conversation_to_be_forgotten'),
        ),
        migrations.CreateModel(
            name='SearchEntry',
            fields=[
                ('id', models.BigIntegerField(help_text='Grows with the date: its seconds, and a place in them.', primary_key=True, serialize=False)),
                ('size', models.PositiveIntegerField(help_text='How many words it has.')),
                ('words', models.TextField(help_text='What it is filtered by, then its words.')),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chats.conversation')),
                ('message', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chats.message')),
                ('owner', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['owner', '-id'], name='search_entry_by_owner')],
            },
        ),
        migrations.RunPython(forwards, backwards, elidable=False),
    ]
