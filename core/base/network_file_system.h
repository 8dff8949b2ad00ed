// Recognizes file systems that are shared between machines.
#pragma once

#include <optional>
#include <string>

namespace plog {

// Returns the type, such as "nfs", if the path is on a network file system, where locks are unreliable; nullopt
// otherwise. The path need not exist.
std::optional<std::string> network_file_system(const std::string& path);

}  // namespace plog
