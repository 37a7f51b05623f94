"""django-guardian as its documentation would have it: the tables and questions that Concord is compared with."""

from typing import Any
from unittest import mock

from django.db import models
from guardian import shortcuts
from guardian.models import GroupObjectPermission, GroupObjectPermissionBase

from cases.supervision.models import Case

# What Django would make of the model below: guardian's own unique constraint, and an index for each foreign key.
OWN_TABLE = """
CREATE TABLE bench_ownkey (id bigserial PRIMARY KEY, permission_id int NOT NULL, group_id int NOT NULL,
                           content_object_id bigint NOT NULL);
INSERT INTO bench_ownkey (permission_id, group_id, content_object_id)
SELECT DISTINCT permission_id, group_id, content_object_id FROM cases_casekey;
ALTER TABLE bench_ownkey ADD UNIQUE (group_id, permission_id, content_object_id);
CREATE INDEX ON bench_ownkey (permission_id);
CREATE INDEX ON bench_ownkey (group_id);
CREATE INDEX ON bench_ownkey (content_object_id);
"""
GENERIC_TABLE = """
INSERT INTO guardian_groupobjectpermission (permission_id, content_type_id, object_pk, group_id)
SELECT k.permission_id, p.content_type_id, k.content_object_id::text, k.group_id
  FROM bench_ownkey k JOIN auth_permission p ON p.id = k.permission_id
"""


class OwnKey(GroupObjectPermissionBase):
    """The same permissions on a direct foreign key, without Concord's ends, categories, copies and indexes."""

    content_object = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")

    class Meta(GroupObjectPermissionBase.Meta):
        app_label = "bench"
        managed = False
        db_table = "bench_ownkey"


def tables(generic: bool) -> Any:
    """While open, guardian looks for group permissions in its generic table, or in the direct one."""
    chosen = GroupObjectPermission if generic else OwnKey
    return mock.patch.object(shortcuts, "get_group_obj_perms_model", return_value=chosen)
