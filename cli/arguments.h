// The command line.
#pragma once

#include <functional>
#include <string>

#include "cli/commands.h"

namespace plog::cli {

struct Arguments {
  Globals globals;
  std::function<int(Context&)> run;  // the command; empty: print the texts and exit with `exit_code`
  int exit_code = kExitOk;
  std::string out_text;  // --help, --version, generate
  std::string error_text;
};

// Reports a bad command line as an exit code and an error text. Does not throw for it.
Arguments parse_arguments(int argc, char** argv);

}  // namespace plog::cli
