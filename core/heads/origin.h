// Origins: the names under which the heads of a ledger are signed.
#pragma once

#include <string>
#include <string_view>

namespace plog::heads {

std::string default_origin(std::string_view ledger_id);
// The origin of the next branch: "name/branch-2" after "name", then "name/branch-3".
std::string next_origin(std::string_view origin);
// The origin without its branch suffix.
std::string_view first_origin(std::string_view origin);

}  // namespace plog::heads
