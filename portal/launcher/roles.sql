-- The roles of Concord: cluster-wide, and safe to run again. Run as a superuser of the cluster, by psql
-- (-v migrator_password=… -v app_password=… -v job_password=…) or by portal.launcher.roles.
--
--   concord_owner     owns everything, and nobody logs in as it
--   concord_migrator  runs migrations, by SET ROLE concord_owner
--   concord_app       serves requests: bound by row security, owns nothing
--   concord_job       importer and relay: bound by row security, owns nothing
do $$
declare
    wanted text;
begin
    foreach wanted in array array['concord_owner', 'concord_migrator', 'concord_app', 'concord_job'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I', wanted);
        end if;
    end loop;
end
$$;

alter role concord_owner nologin nosuperuser nobypassrls nocreatedb nocreaterole;
alter role concord_migrator login noinherit nosuperuser nobypassrls nocreatedb nocreaterole password :'migrator_password';
alter role concord_app login nosuperuser nobypassrls nocreatedb nocreaterole password :'app_password';
alter role concord_job login nosuperuser nobypassrls nocreatedb nocreaterole password :'job_password';
grant concord_owner to concord_migrator;
