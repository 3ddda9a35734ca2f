"""Who asked for how much: sums of their own, and who asked last for more of a reply."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds both; the next one fills the sums."""

    dependencies = [
        ('chats', '0014_listed_without_folders'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='asked_by',
            field=models.ForeignKey(blank=True, help_text="Who asked last for more of the reply; empty for the conversation's owner.", null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.CreateModel(
            name='Spending',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Of the person, to be kept.', max_length=150)),
                ('replies', models.PositiveIntegerField(default=0, help_text='That used anything; going on with one counts again.')),
                ('priced', models.PositiveIntegerField(default=0, help_text='Replies whose cost is known.')),
                ('input_tokens', models.PositiveBigIntegerField(default=0)),
                ('output_tokens', models.PositiveBigIntegerField(default=0)),
                ('cost_micros', models.PositiveBigIntegerField(default=0, help_text='In millionths of a US dollar.')),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='spendings', to='chats.conversation')),
                ('person', models.ForeignKey(blank=True, help_text='Who asked, be it the owner; empty once the account is deleted.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'spending',
                'verbose_name_plural': 'spendings',
                'constraints': [models.UniqueConstraint(fields=('conversation', 'person'), name='spending_once')],
            },
        ),
    ]
