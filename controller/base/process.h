// What main does to its own process before anything else.
#pragma once

namespace neoid {

// A peer that went away is an error of the write (EPIPE), not the end of the program. The libraries below us
// (OpenSSL, cpp-httplib, libpq) do not all mask the signal themselves.
void ignore_broken_pipes();

}  // namespace neoid
