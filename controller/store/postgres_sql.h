// The columns of identity_row.h in PostgreSQL's words; `u` is the row of users.
#pragma once

#define NEOID_POSTGRES_IDENTITY                                                                          \
  "u.user_id, u.kind, u.client_id, u.standing, u.cluster, u.namespace, u.name, u.uid, u.generation, "    \
  "u.released_to, u.predecessor, u.display_name, u.description, u.active::int, u.spec, u.hold_reason, "  \
  "neoid.micros(u.hold_since), neoid.micros(u.updated_at), u.digest, "                                   \
  "coalesce((SELECT json_agg(g.scope) FROM neoid.grants g WHERE g.user_id = u.user_id), '[]'), "         \
  "coalesce((SELECT json_agg(t.tag) FROM neoid.tags t WHERE t.user_id = u.user_id), '[]'), "             \
  "coalesce((SELECT json_agg(json_build_array(v.number, encode(v.hash, 'hex'), v.state, "                \
  "neoid.micros(v.issued_at), neoid.micros(v.delivered_at), neoid.micros(v.valid_until), v.for_absent, " \
  "v.rotation_request, (SELECT neoid.micros(l.at) FROM neoid.last_used l "                               \
  "WHERE l.user_id = v.user_id AND l.number = v.number))) "                                              \
  "FROM neoid.credential_versions v WHERE v.user_id = u.user_id), '[]') "
