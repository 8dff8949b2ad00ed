// The command line.
#pragma once

#include <functional>
#include <string>

#include "cli/commands.h"

namespace plog::cli {

struct Arguments {
  Globals globals;
  std::function<int(Context&)> run;  // empty: print the texts and exit with `exit_code`
  int exit_code = kExitOk;
  std::string out_text;  // --help, --version, generate
  std::string error_text;
};

// Never throws for a bad command line: that is an exit code and a text.
Arguments parse_arguments(int argc, char** argv);

}  // namespace plog::cli
