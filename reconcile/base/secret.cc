#include "reconcile/base/secret.h"

#include <openssl/crypto.h>

#include <utility>

#include "reconcile/base/crypto.h"

namespace neoid {

Secret::Secret(std::string text) : text_(std::move(text)) {
  // A short string's bytes stay behind in the moved-from buffer of the parameter.
  cleanse(text);
}

Secret::Secret(const Secret& other) = default;

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { cleanse(other.text_); }

Secret& Secret::operator=(Secret other) noexcept {
  text_.swap(other.text_);
  return *this;
}

Secret::~Secret() { cleanse(text_); }

bool operator==(const Secret& a, const Secret& b) { return constant_time_equal(a.text_, b.text_); }

void cleanse(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace neoid
