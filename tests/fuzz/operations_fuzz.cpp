// The parameters of calls: the first byte chooses an operation, the rest is the JSON text of its parameters. A call
// returns valid JSON or fails with a one-line message.
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "check.h"
#include "json/value.h"
#include "operations/operations.h"

namespace {

// Those that read and write nothing but their parameters. Of the others, the parameters alone are checked.
bool is_pure(const plog::operations::Operation& operation) {
  return operation.client == plog::operations::ClientUse::kNone && operation.scope == plog::operations::Scope::kRead;
}

std::vector<plog::operations::Operation> all_operations() {
  std::vector<plog::operations::Operation> all;
  for (const auto group : plog::operations::operations()) all.insert(all.end(), group.begin(), group.end());
  return all;
}

// Whatever was accepted keeps its declaration.
void check_accepted(const plog::operations::Operation& operation, const plog::operations::Parameters& given) {
  using plog::operations::ParameterKind;
  for (const plog::operations::Parameter& parameter : operation.parameters) {
    if (!given.has(parameter.name)) {
      PLOG_FUZZ_CHECK(!parameter.required);
      continue;
    }
    switch (parameter.kind) {
      case ParameterKind::kInteger: {
        const std::int64_t number = given.integer(parameter.name);
        PLOG_FUZZ_CHECK(number >= parameter.minimum && number <= parameter.maximum);
        break;
      }
      case ParameterKind::kText:
      case ParameterKind::kPath:
      case ParameterKind::kChoice:
      case ParameterKind::kTime: PLOG_FUZZ_CHECK(plog::is_utf8(*given.text(parameter.name))); break;
      case ParameterKind::kPaths:
        PLOG_FUZZ_CHECK(given.paths(parameter.name).size() <= static_cast<std::size_t>(parameter.maximum));
        break;
      case ParameterKind::kBoolean: break;
      default: PLOG_FUZZ_CHECK(given.json(parameter.name).size() <= static_cast<std::size_t>(parameter.maximum));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::vector<plog::operations::Operation> all = all_operations();
  const plog::operations::Operation& operation = all[data[0] % all.size()];
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    check_accepted(operation, plog::operations::Parameters(operation.name, operation.parameters, text));
    if (is_pure(operation) && text.find("configured") == text.npos) {
      plog::json::parse(plog::operations::call(nullptr, operation.name, text));
    }
  } catch (const plog::Error& error) {
    const std::string message = error.what();
    PLOG_FUZZ_CHECK(error.status() == plog::Status::kInvalid || error.status() == plog::Status::kConfig);
    PLOG_FUZZ_CHECK(!message.empty() && message.find('\n') == message.npos);
  }
  return 0;
}
