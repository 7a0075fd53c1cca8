// Hashes, MACs and their encodings: pure functions over bytes, by OpenSSL. Thread-safe.
//
// Randomness is not here: it is an argument wherever this tree needs it (controller/base/random.h makes it).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace neoid {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);
// HMAC-SHA-256 (RFC 2104).
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);
// Takes as long for equal as for different texts of one length; false at once for different lengths.
bool constant_time_equal(std::string_view a, std::string_view b);

std::string hex(std::string_view bytes);  // lower case
std::string hex(const Sha256& digest);
std::optional<std::string> unhex(std::string_view text);

std::string base64(std::string_view bytes);  // RFC 4648 section 4, padded
// Strict: nullopt for white space, wrong padding or foreign characters.
std::optional<std::string> unbase64(std::string_view text);
std::string base64url(std::string_view bytes);  // RFC 4648 section 5, not padded

// UUIDv5 (RFC 4122 section 4.3) of `name` in the name space `space` (a UUID text), lower case.
// CHECKs that `space` is a UUID.
std::string uuid_v5(std::string_view space, std::string_view name);
// UUIDv4 from 16 random bytes.
std::string uuid_v4(const std::array<std::uint8_t, 16>& random);
// Lower-case 8-4-4-4-12.
bool is_uuid(std::string_view text);

}  // namespace neoid
