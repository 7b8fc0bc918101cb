"""Alembic's entry: runs on the connection that `botcore.recorder.migrate` hands over, inside the one transaction that it has begun."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
