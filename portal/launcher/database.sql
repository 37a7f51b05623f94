-- The database belongs to concord_owner. Temporary tables stay with those who load data: they come first in the search
-- path, where the app could otherwise put a table of its own in front of a real one. Safe to run again.
alter database :"database" owner to concord_owner;
revoke all on database :"database" from public;
grant connect on database :"database" to concord_migrator, concord_app, concord_job;
grant temporary on database :"database" to concord_job;
