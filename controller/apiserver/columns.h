// Columns of tables: those of the built-in kinds, and those that a CRD asks for by JSON paths. Pure.
// Source: k8s.io/kubernetes/pkg/printers/internalversion, apiextensions-apiserver tableconvertor.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/apiserver/resource.h"

namespace neoid::apiserver {

// By the kind's plural and group; kinds without columns of their own get Name and Created At.
std::vector<Column> builtin_columns(std::string_view group, std::string_view plural);
std::vector<Column> custom_columns(const std::vector<schema::PrinterColumn>& columns);

// "5d3h", as kubectl prints ages: of a time (RFC 3339) seen from now; "<unknown>" for none.
std::string age_of(const Json& time, Instant now);
std::string human_duration(Duration duration);

}  // namespace neoid::apiserver
