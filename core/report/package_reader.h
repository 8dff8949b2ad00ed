// Checks the exports that package_writer.h writes.
#pragma once

#include <string>

#include "report/check.h"

namespace plog::report {

// Checks a `.plog` file. Every failure is a verdict, except these, which are thrown: kCancelled, kNoMemory, and
// kInvalid for a malformed key or head in the request.
CheckReport verify_package(const std::string& path, const CheckRequest& request);

}  // namespace plog::report
