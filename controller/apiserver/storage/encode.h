// The stored text of an object, cut at the place of metadata.resourceVersion: the caller's thread does the
// expensive part, the writer only puts the revision in.
#pragma once

#include <string>

#include "controller/apiserver/storage/record.h"
#include "reconcile/base/result.h"

namespace neoid::storage {

struct Encoded {
  std::string head;  // ends with `"resourceVersion":"`
  std::string tail;  // starts with `"`
};

// Sets metadata.resourceVersion to "" in `value` on the way. Invalid: no object with an object `metadata`,
// text that is not UTF-8, or more than `limit_bytes`.
Result<Encoded> encode(Json& value, std::size_t limit_bytes);
// `record` with the revision in its bytes.
void put_revision(Record& record, const Encoded& encoded, Revision revision);
// The same state with another revision: what a deletion leaves.
std::shared_ptr<Record> at_revision(const Record& record, Revision revision);
// Does `record` say what `encoded` says, but for resourceVersion?
bool same_content(const Record& record, const Encoded& encoded);

}  // namespace neoid::storage
