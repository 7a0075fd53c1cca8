#include "controller/runtime/lease.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace neoid::runtime {
namespace {

const kube::ResourceType kLeases{"coordination.k8s.io", "v1", "leases", true};
constexpr const char* kEpochAnnotation = "identity.neostella.com/epoch";
constexpr const char* kCleanAnnotation = "identity.neostella.com/released-clean";

Json member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : Json::object();
}

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string annotation(const Json& lease, const char* name) {
  return text(member(member(lease, "metadata"), "annotations"), name);
}

Epoch epoch_of(const Json& lease) {
  const std::string value = annotation(lease, kEpochAnnotation);
  Epoch epoch = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), epoch);
  return error == std::errc() && end == value.data() + value.size() ? epoch : 0;
}

std::string holder_of(const Json& lease) { return text(member(lease, "spec"), "holderIdentity"); }

tl::unexpected<Error> not_holder() {
  return fail(ErrorKind::Conflict, "another replica holds the Lease", "NotHolder");
}

}  // namespace

LeaseLock::LeaseLock(const kube::Client& client, Clock& clock, LeaseOptions options)
    : client_(client), clock_(clock), options_(std::move(options)) {}

SteadyTime LeaseLock::limit() const { return clock_.steady_now() + options_.renew_deadline / 2; }

std::chrono::milliseconds LeaseLock::left(SteadyTime until) const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock_.steady_now());
  return std::max(left, std::chrono::milliseconds(1));
}

Result<std::optional<Json>> LeaseLock::read(SteadyTime until) {
  auto lease = client_.get(kLeases, options_.name, left(until));
  if (lease) return std::optional<Json>(std::move(*lease));
  if (lease.error().kind == ErrorKind::NotFound) return std::optional<Json>();
  return fail(lease.error());
}

bool LeaseLock::held_by_us(const Json& lease) const { return holder_of(lease) == options_.holder; }

Json LeaseLock::manifest(const std::optional<Json>& before, Epoch epoch, bool fresh_holder) const {
  const std::string now = format_micro_time(clock_.now());
  Json lease =
      before.value_or(Json{{"apiVersion", "coordination.k8s.io/v1"},
                           {"kind", "Lease"},
                           {"metadata", {{"name", options_.name.name}, {"namespace", options_.name.ns}}}});
  lease["metadata"]["annotations"][kEpochAnnotation] = fmt::format("{}", epoch);
  lease["metadata"]["annotations"].erase(kCleanAnnotation);
  Json& spec = lease["spec"];
  if (fresh_holder) {
    const auto transitions = spec.is_object() ? spec.find("leaseTransitions") : spec.end();
    const std::int64_t count =
        spec.is_object() && transitions != spec.end() && transitions->is_number_integer()
            ? transitions->get<std::int64_t>() + 1
            : 0;
    spec["acquireTime"] = now;
    spec["leaseTransitions"] = count;
  }
  spec["holderIdentity"] = options_.holder;
  // Whole seconds in the API, at least one; what we go by is the duration itself.
  spec["leaseDurationSeconds"] =
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(options_.duration).count());
  spec["renewTime"] = now;
  return lease;
}

Result<Json> LeaseLock::write(const std::optional<Json>& before, const Json& lease, SteadyTime until) {
  kube::WriteOptions options;
  options.timeout = left(until);
  if (before) return client_.update(kLeases, options_.name, lease, options);
  return client_.create(kLeases, options_.name.ns, lease, options);
}

Result<std::optional<LeaseTerm>> LeaseLock::acquire(Epoch at_least) {
  const SteadyTime until = limit();
  NEOID_TRY(const std::optional<Json> lease, read(until));
  bool clean = at_least == 0;  // no Lease, but a store that knows epochs: somebody took it away
  if (lease) {
    const std::string holder = holder_of(*lease);
    const std::string version = text(member(*lease, "metadata"), "resourceVersion");
    if (!holder.empty() && holder != options_.holder) {
      if (version != observed_version_) {
        observed_version_ = version;
        observed_at_ = clock_.steady_now();
      }
      if (clock_.steady_now() - observed_at_ < options_.duration) return std::optional<LeaseTerm>();
    }
    const bool never_held = holder.empty() && epoch_of(*lease) == 0;
    clean = never_held || (holder.empty() && annotation(*lease, kCleanAnnotation) == "true");
  }
  const Epoch epoch = std::max(lease ? epoch_of(*lease) : 0, at_least) + 1;
  NEOID_TRY_VOID(write(lease, manifest(lease, epoch, true), until));
  return std::optional<LeaseTerm>(LeaseTerm{epoch, clean});
}

Result<LeaseTerm> LeaseLock::raise(Epoch at_least) {
  const SteadyTime until = limit();
  NEOID_TRY(const std::optional<Json> lease, read(until));
  if (!lease || !held_by_us(*lease)) return not_holder();
  const Epoch epoch = std::max(epoch_of(*lease), at_least) + 1;
  NEOID_TRY_VOID(write(lease, manifest(lease, epoch, false), until));
  return LeaseTerm{epoch, false};
}

Result<void> LeaseLock::renew(SteadyTime until) {
  until = std::min(until, limit());
  NEOID_TRY(const std::optional<Json> lease, read(until));
  if (!lease || !held_by_us(*lease)) return not_holder();
  NEOID_TRY_VOID(write(lease, manifest(lease, epoch_of(*lease), false), until));
  return {};
}

Result<void> LeaseLock::release(bool clean) {
  const SteadyTime until = limit();
  NEOID_TRY(const std::optional<Json> lease, read(until));
  if (!lease || !held_by_us(*lease)) return {};
  Json next = *lease;
  next["spec"]["holderIdentity"] = "";
  next["spec"]["leaseDurationSeconds"] = 1;
  if (clean) next["metadata"]["annotations"][kCleanAnnotation] = "true";
  NEOID_TRY_VOID(write(lease, next, until));
  return {};
}

}  // namespace neoid::runtime
