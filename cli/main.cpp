#include <exception>
#include <new>

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/signals.h"

namespace plog::cli {
namespace {

int exit_code_of(Status status) {
  switch (status) {
    case Status::kNotFound: return kExitNotFound;
    case Status::kCancelled: return kExitInterrupted;
    default: return kExitFailure;
  }
}

// Flushes the output after a failure. Ignores further errors, since the first one is reported.
void flush_quietly(Output& out) noexcept {
  try {
    out.flush();
  } catch (...) {
  }
}

int fail(Context& context, const char* message, int exit_code) {
  flush_quietly(context.out);
  complain(message);
  return exit_code;
}

int run(Context& context, const Arguments& arguments) {
  int code = kExitOk;
  try {
    code = arguments.run(context);
    context.out.flush();
    return code;
  } catch (const BrokenPipe&) {
    return code;
  } catch (const Error& error) {
    return fail(context, error.what(), exit_code_of(error.status()));
  } catch (const std::bad_alloc&) {
    return fail(context, "out of memory", kExitFailure);
  } catch (const std::exception& error) {
    return fail(context, error.what(), kExitFailure);
  }
}

int main(int argc, char** argv) {
  ignore_broken_pipes();
  secure_standard_streams();
  const Arguments arguments = parse_arguments(argc, argv);
  Context context;
  if (!arguments.run) {
    write_stderr(arguments.error_text);
    try {
      context.out.write(arguments.out_text);
      context.out.flush();
    } catch (const BrokenPipe&) {
    } catch (const Error& error) {
      complain(error.what());
      return kExitFailure;
    }
    return arguments.exit_code;
  }
  context.globals = arguments.globals;
  context.terminal = inspect_stdout(arguments.globals.color);
  return run(context, arguments);
}

}  // namespace
}  // namespace plog::cli

int main(int argc, char** argv) { return plog::cli::main(argc, argv); }
