// simdjson from a library of our own.
#pragma once

#include <string>

namespace plog::node {

// Node 22 and later export a simdjson of another version, to which the dynamic linker would bind the addon and its
// libsimdjson alike. So the addon does not link that library: it loads it, apart from what the program exports, and
// defines the few symbols that the core asks for. Once, before anything else; "" or what went wrong. Any thread.
std::string load_simdjson();

}  // namespace plog::node
