// Writes small files so that nobody ever sees half of one.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace plog::heads {

// Writes and syncs a temporary file (mode 0600) beside `path`, calls `place` to give it its final name, and syncs the
// directory. If anything throws, the temporary file is deleted.
void write_whole(const std::string& path, std::string_view bytes,
                 const std::function<void(const std::string& draft)>& place);

}  // namespace plog::heads
