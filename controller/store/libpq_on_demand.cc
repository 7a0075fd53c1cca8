#include "controller/store/libpq_on_demand.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <libpq-fe.h>

#include <stdexcept>

namespace {

constexpr const char* kLibrary = "libpq.so.5";

void* library() {
  static void* const handle = [] {
    void* opened = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    if (opened == nullptr) throw std::runtime_error(dlerror());
    return opened;
  }();
  return handle;
}

void* symbol(const char* name) {
  void* const found = dlsym(library(), name);
  if (found == nullptr) throw std::runtime_error(fmt::format("{} has no function {}", kLibrary, name));
  return found;
}

}  // namespace

namespace neoid::store {

Result<void> load_libpq() {
  try {
    library();
  } catch (const std::exception& error) {
    return fail(
        ErrorKind::Invalid,
        fmt::format("a PostgreSQL store needs {}, which cannot be loaded ({}); install the package libpq5",
                    kLibrary, error.what()));
  }
  return {};
}

}  // namespace neoid::store

// What libpq-fe.h declares is defined here, so that another signature does not compile.
// NEOID_PQ<number of parameters>(result, name, types of the parameters...)
// clang-format off
#define NEOID_PQ0(R, name) \
  R name() { \
    static const auto function = reinterpret_cast<decltype(&name)>(symbol(#name)); \
    return function(); \
  }
#define NEOID_PQ1(R, name, A) \
  R name(A a) { \
    static const auto function = reinterpret_cast<decltype(&name)>(symbol(#name)); \
    return function(a); \
  }
#define NEOID_PQ2(R, name, A, B) \
  R name(A a, B b) { \
    static const auto function = reinterpret_cast<decltype(&name)>(symbol(#name)); \
    return function(a, b); \
  }
#define NEOID_PQ3(R, name, A, B, C) \
  R name(A a, B b, C c) { \
    static const auto function = reinterpret_cast<decltype(&name)>(symbol(#name)); \
    return function(a, b, c); \
  }
#define NEOID_PQ4(R, name, A, B, C, D) \
  R name(A a, B b, C c, D d) { \
    static const auto function = reinterpret_cast<decltype(&name)>(symbol(#name)); \
    return function(a, b, c, d); \
  }
#define NEOID_PQ5(R, name, A, B, C, D, E) \
  R name(A a, B b, C c, D d, E e) { \
    static const auto function = reinterpret_cast<decltype(&name)>(symbol(#name)); \
    return function(a, b, c, d, e); \
  }
#define NEOID_PQ7(R, name, A, B, C, D, E, F, G) \
  R name(A a, B b, C c, D d, E e, F f, G g) { \
    static const auto function = reinterpret_cast<decltype(&name)>(symbol(#name)); \
    return function(a, b, c, d, e, f, g); \
  }
#define NEOID_PQ8(R, name, A, B, C, D, E, F, G, H) \
  R name(A a, B b, C c, D d, E e, F f, G g, H h) { \
    static const auto function = reinterpret_cast<decltype(&name)>(symbol(#name)); \
    return function(a, b, c, d, e, f, g, h); \
  }

extern "C" {

NEOID_PQ1(int, PQbackendPID, const PGconn*)
NEOID_PQ3(int, PQcancel, PGcancel*, char*, int)
NEOID_PQ1(void, PQclear, PGresult*)
NEOID_PQ1(int, PQclientEncoding, const PGconn*)
NEOID_PQ1(char*, PQcmdStatus, PGresult*)
NEOID_PQ1(char*, PQcmdTuples, PGresult*)
NEOID_PQ1(PostgresPollingStatusType, PQconnectPoll, PGconn*)
NEOID_PQ1(PGconn*, PQconnectStart, const char*)
NEOID_PQ1(PGconn*, PQconnectdb, const char*)
NEOID_PQ1(void, PQconninfoFree, PQconninfoOption*)
NEOID_PQ2(PQconninfoOption*, PQconninfoParse, const char*, char**)
NEOID_PQ1(int, PQconsumeInput, PGconn*)
NEOID_PQ1(char*, PQdb, const PGconn*)
NEOID_PQ2(char*, PQencryptPassword, const char*, const char*)
NEOID_PQ1(int, PQendcopy, PGconn*)
NEOID_PQ1(char*, PQerrorMessage, const PGconn*)
NEOID_PQ4(unsigned char*, PQescapeByteaConn, PGconn*, const unsigned char*, size_t, size_t*)
NEOID_PQ3(char*, PQescapeIdentifier, PGconn*, const char*, size_t)
NEOID_PQ5(size_t, PQescapeStringConn, PGconn*, char*, const char*, size_t, int*)
NEOID_PQ2(PGresult*, PQexec, PGconn*, const char*)
NEOID_PQ8(PGresult*, PQexecParams, PGconn*, const char*, int, const Oid*, const char* const*, const int*, const int*, int)
NEOID_PQ7(PGresult*, PQexecPrepared, PGconn*, const char*, int, const char* const*, const int*, const int*, int)
NEOID_PQ1(void, PQfinish, PGconn*)
NEOID_PQ2(char*, PQfname, const PGresult*, int)
NEOID_PQ2(int, PQfnumber, const PGresult*, const char*)
NEOID_PQ1(void, PQfreeCancel, PGcancel*)
NEOID_PQ1(void, PQfreemem, void*)
NEOID_PQ2(Oid, PQftable, const PGresult*, int)
NEOID_PQ2(int, PQftablecol, const PGresult*, int)
NEOID_PQ2(Oid, PQftype, const PGresult*, int)
NEOID_PQ1(PGcancel*, PQgetCancel, PGconn*)
NEOID_PQ3(int, PQgetCopyData, PGconn*, char**, int)
NEOID_PQ1(PGresult*, PQgetResult, PGconn*)
NEOID_PQ3(int, PQgetisnull, const PGresult*, int, int)
NEOID_PQ3(int, PQgetlength, const PGresult*, int, int)
NEOID_PQ3(char*, PQgetvalue, const PGresult*, int, int)
NEOID_PQ1(char*, PQhost, const PGconn*)
NEOID_PQ1(int, PQisBusy, PGconn*)
NEOID_PQ0(int, PQisthreadsafe)
NEOID_PQ1(int, PQnfields, const PGresult*)
NEOID_PQ1(PGnotify*, PQnotifies, PGconn*)
NEOID_PQ1(int, PQntuples, const PGresult*)
NEOID_PQ1(Oid, PQoidValue, const PGresult*)
NEOID_PQ1(char*, PQport, const PGconn*)
NEOID_PQ5(PGresult*, PQprepare, PGconn*, const char*, const char*, int, const Oid*)
NEOID_PQ1(int, PQprotocolVersion, const PGconn*)
NEOID_PQ3(int, PQputCopyData, PGconn*, const char*, int)
NEOID_PQ2(int, PQputCopyEnd, PGconn*, const char*)
NEOID_PQ1(void, PQreset, PGconn*)
NEOID_PQ2(char*, PQresultErrorField, const PGresult*, int)
NEOID_PQ1(char*, PQresultErrorMessage, const PGresult*)
NEOID_PQ1(ExecStatusType, PQresultStatus, const PGresult*)
NEOID_PQ2(int, PQsendQuery, PGconn*, const char*)
NEOID_PQ1(int, PQserverVersion, const PGconn*)
NEOID_PQ2(int, PQsetClientEncoding, PGconn*, const char*)
NEOID_PQ2(PGVerbosity, PQsetErrorVerbosity, PGconn*, PGVerbosity)
NEOID_PQ3(PQnoticeProcessor, PQsetNoticeProcessor, PGconn*, PQnoticeProcessor, void*)
NEOID_PQ1(int, PQsocket, const PGconn*)
NEOID_PQ1(ConnStatusType, PQstatus, const PGconn*)
NEOID_PQ2(void, PQtrace, PGconn*, FILE*)
NEOID_PQ2(unsigned char*, PQunescapeBytea, const unsigned char*, size_t*)
NEOID_PQ1(void, PQuntrace, PGconn*)
NEOID_PQ1(char*, PQuser, const PGconn*)
NEOID_PQ1(const char*, pg_encoding_to_char, int)

}  // extern "C"
// clang-format on
