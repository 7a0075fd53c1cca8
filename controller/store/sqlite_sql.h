// The columns of identity_row.h in SQLite's words; `u` is the row of users.
#pragma once

#define NEOID_SQLITE_IDENTITY                                                                         \
  "u.user_id, u.kind, u.client_id, u.standing, u.cluster, u.namespace, u.name, u.uid, u.generation, " \
  "u.released_to, u.predecessor, u.display_name, u.description, u.active, u.spec, u.hold_reason, "    \
  "u.hold_since, u.updated_at, u.digest, "                                                            \
  "(SELECT json_group_array(g.scope) FROM grants g WHERE g.user_id = u.user_id), "                    \
  "(SELECT json_group_array(t.tag) FROM tags t WHERE t.user_id = u.user_id), "                        \
  "(SELECT json_group_array(json_array(v.number, lower(hex(v.hash)), v.state, v.issued_at, "          \
  "v.delivered_at, v.valid_until, v.for_absent, v.rotation_request, "                                 \
  "(SELECT l.at FROM last_used l WHERE l.user_id = v.user_id AND l.number = v.number))) "             \
  "FROM credential_versions v WHERE v.user_id = u.user_id) "
