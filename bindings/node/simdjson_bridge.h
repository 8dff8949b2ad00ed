// Loads simdjson from the addon's own library.
#pragma once

#include <string>

namespace plog::node {

// Node 22 and later export the symbols of another version of simdjson. The dynamic linker would bind both the addon and
// its libsimdjson to them. So the addon does not link the library: it loads it in isolation from the symbols of the
// program, and defines the few symbols that the core needs. Must be called before anything else; later calls do
// nothing. Returns "" or the reason of the failure. Any thread may call it.
std::string load_simdjson();

}  // namespace plog::node
