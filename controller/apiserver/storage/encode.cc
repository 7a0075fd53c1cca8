#include "controller/apiserver/storage/encode.h"

#include <fmt/format.h>

namespace neoid::storage {
namespace {

void append_member(std::string& out, const std::string& key, bool& first) {
  if (!first) out += ',';
  first = false;
  out += Json(key).dump();
  out += ':';
}

std::size_t digits_end(const Record& record) { return record.bytes.find('"', record.digits_at); }

// May throw Json::type_error for text that is not UTF-8.
Encoded encode_checked(const Json& value) {
  std::string out;
  std::size_t cut = 0;
  bool first = true;
  out += '{';
  for (const auto& [key, member] : value.items()) {
    append_member(out, key, first);
    if (key != "metadata") {
      out += member.dump();
      continue;
    }
    bool first_meta = true;
    out += '{';
    for (const auto& [name, field] : member.items()) {
      append_member(out, name, first_meta);
      out += field.dump();
      if (name == "resourceVersion") cut = out.size() - 1;  // before the closing quote of ""
    }
    out += '}';
  }
  out += '}';
  Encoded encoded;
  encoded.tail = out.substr(cut);
  out.resize(cut);
  encoded.head = std::move(out);
  return encoded;
}

}  // namespace

Result<Encoded> encode(Json& value, std::size_t limit_bytes) {
  if (!value.is_object() || !value.contains("metadata") || !value["metadata"].is_object())
    return fail(ErrorKind::Invalid, "an object needs metadata", "Invalid");
  value["metadata"]["resourceVersion"] = "";
  try {
    Encoded encoded = encode_checked(value);
    const std::size_t bytes = encoded.head.size() + encoded.tail.size();
    if (bytes > limit_bytes)
      return fail(ErrorKind::Invalid,
                  fmt::format("the object has {} bytes, the limit is {}", bytes, limit_bytes), "Invalid");
    return encoded;
  } catch (const Json::exception& error) {
    return fail(ErrorKind::Invalid, fmt::format("the object cannot be written as JSON: {}", error.what()),
                "Invalid");
  }
}

void put_revision(Record& record, const Encoded& encoded, Revision revision) {
  const std::string digits = std::to_string(revision);
  record.revision = revision;
  record.digits_at = encoded.head.size();
  record.bytes.reserve(encoded.head.size() + digits.size() + encoded.tail.size());
  record.bytes = encoded.head;
  record.bytes += digits;
  record.bytes += encoded.tail;
}

std::shared_ptr<Record> at_revision(const Record& record, Revision revision) {
  auto copy = std::make_shared<Record>();
  copy->key = record.key;
  copy->revision = revision;
  copy->expires_us = record.expires_us;
  copy->digits_at = record.digits_at;
  copy->bytes.reserve(record.bytes.size() + 4);
  copy->bytes.assign(record.bytes, 0, record.digits_at);
  copy->bytes += std::to_string(revision);
  copy->bytes.append(record.bytes, digits_end(record));
  return copy;
}

bool same_content(const Record& record, const Encoded& encoded) {
  const std::string_view bytes = record.bytes;
  return record.digits_at == encoded.head.size() && bytes.substr(0, record.digits_at) == encoded.head &&
         bytes.substr(digits_end(record)) == encoded.tail;
}

}  // namespace neoid::storage
