#include "cli/arguments.h"

#include <provenlog/plog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <sstream>
#include <utility>

#include "cli/help.h"
#include "cli/options.h"
#include "cli/syntax.h"

namespace plog::cli {
namespace {

constexpr std::uint64_t kMaxCount = std::uint64_t{1} << 53;

// Shows an option with the name of its value only, without CLI11's notes (REQUIRED, defaults, Needs).
class Formatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() ? "" : " " + type;
  }
};

// Registers the commands on one CLI::App. Parsing a command stores the function to run in `result_`.
class Parser {
 public:
  explicit Parser(Arguments& result);
  void parse(int argc, char** argv);

 private:
  CLI::App* command(const char* name, const char* description, const char* examples);
  void add_globals(CLI::App* app);
  // Adds the options of reading commands. `what` describes the output of --json.
  void add_read(CLI::App* app, ReadOptions* options, const char* what);
  void add_json(CLI::App* app, bool* json, const char* what);
  void add_text(CLI::App* app, const char* name, std::optional<std::string>* value, const char* type,
                const char* description);
  void add_time(CLI::App* app, const char* name, std::optional<Micros>* value, const char* description);
  void add_labels(CLI::App* app, Labels* labels, const char* description);
  void add_last(CLI::App* app, std::uint64_t* last, bool* all, const char* description);

  template <typename Options>
  void on_parse(CLI::App* app, std::shared_ptr<Options> options, int (*run)(Context&, const Options&)) {
    app->callback(
        [this, options, run] { result_.run = [options, run](Context& context) { return run(context, *options); }; });
  }

  void add_log();
  void add_get();
  void add_verify();
  void add_stats();
  void add_agents();
  void add_sessions();
  void add_backup();
  void add_restore();
  void add_export();
  void add_verify_export();
  void add_prove();
  void add_checkpoint();
  void add_keys();
  void add_acknowledge();
  void add_ingest();
  void add_redact();
  void add_generate();

  Arguments& result_;
  const Micros now_ = now_micros();
  CLI::App app_{"plog: the flight recorder for AI agents. Reads, verifies and writes a provenlog ledger.", "plog"};
};

Parser::Parser(Arguments& result) : result_(result) {
  app_.set_version_flag("--version", std::string("plog ") + plog_version(), "Print the version and exit");
  app_.set_help_flag("-h,--help", "Print this help and exit");
  auto formatter = std::make_shared<Formatter>();
  formatter->column_width(34);
  formatter->label("SUBCOMMAND", "COMMAND");
  formatter->label("Subcommands", "Commands");
  app_.formatter(formatter);
  app_.footer(kMainFooter);
  app_.require_subcommand(0, 1);
  add_globals(&app_);
  add_log();
  add_get();
  add_verify();
  add_stats();
  add_agents();
  add_sessions();
  add_backup();
  add_restore();
  add_export();
  add_verify_export();
  add_prove();
  add_checkpoint();
  add_keys();
  add_acknowledge();
  add_ingest();
  add_redact();
  add_generate();
}

CLI::App* Parser::command(const char* name, const char* description, const char* examples) {
  CLI::App* app = app_.add_subcommand(name, description);
  app->footer(examples);
  return app;
}

void Parser::add_globals(CLI::App* app) {
  app->add_option("--db", result_.globals.db,
                  "The ledger file (default: PROVENLOG_DB_PATH, else db_path of the configuration, else "
                  "~/.provenlog/events.db)")
      ->type_name("PATH")
      ->take_last()
      ->check([](const std::string& text) { return text.empty() ? std::string("must not be empty") : std::string(); });
  static const std::map<std::string, ColorMode> kModes = {
      {"auto", ColorMode::kAuto}, {"always", ColorMode::kAlways}, {"never", ColorMode::kNever}};
  app->add_option_function<std::string>(
         "--color", [this](const std::string& text) { result_.globals.color = kModes.at(text); },
         "When to use colours: auto (the default: on a terminal, unless NO_COLOR is set), always, never")
      ->type_name("WHEN")
      ->take_last()
      ->check([](const std::string& text) {
        return kModes.count(text) != 0 ? std::string() : "must be auto, always or never";
      });
}

void Parser::add_json(CLI::App* app, bool* json, const char* what) { app->add_flag("--json", *json, what); }

void Parser::add_read(CLI::App* app, ReadOptions* options, const char* what) {
  add_json(app, &options->json, what);
  app->add_flag("--read-only", options->read_only,
                "Write nothing; do not move events from the journals of dead processes into the ledger first");
}

void Parser::add_text(CLI::App* app, const char* name, std::optional<std::string>* value, const char* type,
                      const char* description) {
  app->add_option_function<std::string>(
         name, [value](const std::string& text) { *value = text; }, description)
      ->type_name(type);
}

void Parser::add_time(CLI::App* app, const char* name, std::optional<Micros>* value, const char* description) {
  app->add_option_function<std::string>(
         name, [this, value](const std::string& text) { *value = parse_time(text, now_); }, description)
      ->type_name("TIME")
      ->check([this](const std::string& text) {
        return parse_time(text, now_) ? std::string()
                                      : "'" + text +
                                            "' is not a time; write one such as 2026-02-17T08:30:00Z, 2026-02-17, "
                                            "15m, 2h or 7d";
      });
}

void Parser::add_labels(CLI::App* app, Labels* labels, const char* description) {
  app->add_option_function<std::vector<std::string>>(
         "--label",
         [labels](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) labels->push_back(*parse_label(text));
         },
         description)
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->check([](const std::string& text) {
        return parse_label(text) ? std::string() : "'" + text + "' is not a label; write KEY=VALUE, such as env=prod";
      });
}

void Parser::add_last(CLI::App* app, std::uint64_t* last, bool* all, const char* description) {
  auto* option = app->add_option("-n,--last", *last, description);
  option->type_name("N")->check([last](const std::string& text) {
    return CLI::detail::lexical_cast(text, *last) && *last <= kMaxCount ? std::string()
                                                                        : "'" + text + "' is not a number of events";
  });
  app->add_flag("--all", *all, "Show all, instead of the last N")->excludes(option);
}

void Parser::add_log() {
  auto options = std::make_shared<LogOptions>();
  CLI::App* app = command("log", "Show events, newest last", kLogExamples);
  add_last(app, &options->last, &options->all, "How many of the newest events to show (default 20)");
  app->add_flag("-f,--follow", options->follow, "Keep showing new events as they are recorded, until Ctrl-C");
  add_text(app, "--agent-id", &options->agent, "AGENT", "Only events of this agent");
  add_text(app, "--session-id", &options->session, "SESSION", "Only events of this session");
  add_text(app, "--action-type", &options->type, "TYPE", "Only events of this type, such as TOOL_CALL or LLM_RESPONSE");
  add_text(app, "--action-name", &options->name, "NAME", "Only events of this action, such as search_database");
  add_text(app, "--status", &options->status, "STATUS", "Only events with this status: success, error, timeout");
  add_time(app, "--since", &options->since,
           "Only events at or after this time: RFC 3339, a date, or an age such as 15m, 2h, 7d");
  add_time(app, "--until", &options->until, "Only events before this time");
  add_labels(app, &options->labels, "Only events with this label; if given several times, all must match");
  app->add_flag("--system", options->include_system, "Also show the system events that the ledger records itself");
  add_read(app, options.get(), "Print each event as one line of JSON");
  add_globals(app);
  on_parse<LogOptions>(app, options, run_log);
}

void Parser::add_get() {
  auto options = std::make_shared<GetOptions>();
  CLI::App* app = command("get", "Show one event", kGetExamples);
  app->add_option("ID", options->id,
                  "The id of the event, or @N for the event at place N (the first column of 'plog log')")
      ->required()
      ->type_name("");
  add_text(app, "--agent-id", &options->agent, "AGENT", "The agent of the event, if several agents used the same id");
  add_read(app, options.get(), "Print the event as one line of JSON");
  add_globals(app);
  on_parse<GetOptions>(app, options, run_get);
}

void Parser::add_verify() {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* app =
      command("verify", "Check that nothing in the ledger was changed, removed or inserted", kVerifyExamples);
  add_text(app, "--agent-id", &options->agent, "AGENT", "Check only the chain of this agent (default: all chains)");
  app->add_option("--level", options->level,
                  "What to check: chain (the hash chains), tree (also the tree, the heads, the keys and the schema), "
                  "full (also the columns and tables derived from the events; the default)")
      ->type_name("LEVEL")
      ->take_last()
      ->check([](const std::string& text) {
        return text == "chain" || text == "tree" || text == "full" ? std::string() : "must be chain, tree or full";
      });
  auto* head = app->add_option("--head", options->heads,
                               "A trusted head of this ledger that was kept elsewhere; may be given several times");
  head->type_name("FILE")->expected(1)->take_all();
  add_text(app, "--key", &options->key, "KEY", "A trusted public key of this ledger, or a file that contains it");
  app->add_flag("--incremental", options->incremental,
                "Check only the events after the newest --head; the events before it are not read")
      ->needs(head);
  app->add_option("--threads", options->threads, "Number of threads that read and hash, 1 to 64 (default 2)")
      ->type_name("N")
      ->take_last()
      ->check([](const std::string& text) {
        std::uint32_t threads = 0;
        return CLI::detail::lexical_cast(text, threads) && threads >= 1 && threads <= 64
                   ? std::string()
                   : "'" + text + "' is not a number of threads; use 1 to 64";
      });
  app->add_flag("--strict", options->strict,
                "Exit with 10 to 13, not 0, for OK_WITH_TAIL, RECOVERED, ERASED and PRUNED");
  add_read(app, options.get(), "Print the report as one JSON object");
  add_globals(app);
  on_parse<VerifyOptions>(app, options, run_verify);
}

void Parser::add_stats() {
  auto options = std::make_shared<StatsOptions>();
  CLI::App* app = command("stats", "Show statistics of the ledger", kStatsExamples);
  app->add_flag("--redactions", options->redactions, "Also count the redaction markers of each built-in detector");
  add_read(app, options.get(), "Print one JSON object");
  add_globals(app);
  on_parse<StatsOptions>(app, options, run_stats);
}

void Parser::add_agents() {
  auto options = std::make_shared<AgentsOptions>();
  CLI::App* app = command("agents", "List the agents", kAgentsExamples);
  app->add_flag("--system", options->include_system, "Also list the reserved agent of system events");
  add_read(app, options.get(), "Print each agent as one line of JSON");
  add_globals(app);
  on_parse<AgentsOptions>(app, options, run_agents);
}

void Parser::add_sessions() {
  auto options = std::make_shared<SessionsOptions>();
  CLI::App* app = command("sessions", "List the sessions, latest first", kSessionsExamples);
  add_text(app, "--agent-id", &options->agent, "AGENT", "Only sessions of this agent");
  add_last(app, &options->last, &options->all, "How many of the latest sessions to show (default 20)");
  add_read(app, options.get(), "Print each session as one line of JSON");
  add_globals(app);
  on_parse<SessionsOptions>(app, options, run_sessions);
}

void Parser::add_backup() {
  auto options = std::make_shared<BackupOptions>();
  CLI::App* app = command("backup", "Copy the ledger, even while it is being written", kBackupExamples);
  app->add_option("FILE", options->file, "The path of the copy; must not exist")->required()->type_name("");
  app->add_flag("--read-only", options->read_only,
                "Write nothing to the ledger; do not move events from the journals of dead processes into it first");
  add_globals(app);
  on_parse<BackupOptions>(app, options, run_backup);
}

void Parser::add_restore() {
  auto options = std::make_shared<RestoreOptions>();
  CLI::App* app = command("restore", "Restore the ledger from a backup", kRestoreExamples);
  app->add_option("FILE", options->file, "A backup written by 'plog backup'")->required()->type_name("");
  app->add_flag("--replace", options->replace, "If there is a ledger at the path, rename it first");
  add_json(app, &options->json, "Print what was done as one JSON object");
  add_globals(app);
  on_parse<RestoreOptions>(app, options, run_restore);
}

void Parser::add_export() {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* app = command("export", "Write events and their proofs to a file", kExportExamples);
  add_text(app, "-o,--output", &options->output, "FILE", "Write a .plog file, which 'plog verify-export' can check");
  add_text(app, "--tiles", &options->tiles, "DIR",
           "Write a directory of C2SP tlog-tiles for other tools; the directory of an earlier export is updated");
  add_text(app, "--agent-id", &options->agent, "AGENT", "Only events of this agent");
  add_text(app, "--session-id", &options->session, "SESSION", "Only events of this session");
  add_text(app, "--action-type", &options->type, "TYPE", "Only events of this type, such as TOOL_CALL or LLM_RESPONSE");
  add_text(app, "--action-name", &options->name, "NAME", "Only events of this action, such as search_database");
  add_text(app, "--status", &options->status, "STATUS", "Only events with this status: success, error, timeout");
  add_time(app, "--since", &options->since,
           "Only events at or after this time: RFC 3339, a date, or an age such as 15m, 2h, 7d");
  add_time(app, "--until", &options->until, "Only events before this time");
  add_labels(app, &options->labels, "Only events with this label; if given several times, all must match");
  app->add_flag("--overwrite", options->overwrite, "Replace the file if it exists");
  app->add_flag("--read-only", options->read_only,
                "Write nothing to the ledger; do not move events from the journals of dead processes into it first");
  add_json(app, &options->json, "Print what was written as one JSON object");
  add_globals(app);
  app->callback([this, app, options] {
    if (options->output.has_value() == options->tiles.has_value()) {
      throw CLI::RequiredError("exactly one of --output FILE and --tiles DIR");
    }
    // A directory of tiles contains the whole log and only grows, so filters and --overwrite do not apply.
    for (const char* name : {"--agent-id", "--session-id", "--action-type", "--action-name", "--status", "--since",
                             "--until", "--label", "--overwrite"}) {
      if (options->tiles && app->count(name) > 0) throw CLI::ExcludesError("--tiles", name);
    }
    result_.run = [options](Context& context) { return run_export(context, *options); };
  });
}

void Parser::add_verify_export() {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* app = command("verify-export", "Verify an export, without the ledger", kVerifyExportExamples);
  app->add_option("FILE", options->path, "The .plog file, or the directory of tiles")->required()->type_name("");
  add_text(app, "--key", &options->key, "KEY", "Trust only this public key (a vkey, or a file that contains one)");
  app->add_option("--head", options->heads, "A file with a trusted head; may be given several times")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  app->add_flag("--strict", options->strict,
                "Exit with 10 to 13, not 0, for OK_WITH_TAIL, RECOVERED, ERASED and PRUNED");
  add_json(app, &options->json, "Print the report as one JSON object");
  add_globals(app);
  on_parse<CheckOptions>(app, options, run_verify_export);
}

void Parser::add_prove() {
  auto options = std::make_shared<ProveOptions>();
  CLI::App* app = command("prove", "Write one event and its proof", kProveExamples);
  app->add_option("ID", options->id, "The id of the event, or @N for the event at place N")->required()->type_name("");
  add_text(app, "--agent-id", &options->agent, "AGENT", "The agent of the event, if several agents used the same id");
  add_text(app, "-o,--output", &options->output, "FILE",
           "The file to write; must not exist (default: standard output)");
  app->add_flag("--read-only", options->read_only,
                "Write nothing to the ledger; do not move events from the journals of dead processes into it first");
  add_globals(app);
  on_parse<ProveOptions>(app, options, run_prove);
}

void Parser::add_checkpoint() {
  auto options = std::make_shared<CheckpointOptions>();
  CLI::App* app = command("checkpoint", "Sign a head over all events and print it", kCheckpointExamples);
  add_json(app, &options->json, "Print the head and its key as one JSON object");
  add_globals(app);
  on_parse<CheckpointOptions>(app, options, run_checkpoint);
}

void Parser::add_keys() {
  auto options = std::make_shared<KeysOptions>();
  CLI::App* app = command("keys", "Show the key that signs heads, or replace it", kKeysExamples);
  auto* action = app->add_option_function<std::string>(
      "ACTION", [options](const std::string& text) { options->rotate = text == "rotate"; },
      "show (the default), or rotate: sign with a new key from now on");
  action->type_name("")->check([](const std::string& text) {
    return text == "show" || text == "rotate" ? std::string() : "must be show or rotate";
  });
  add_json(app, &options->json, "Print one JSON object");
  add_globals(app);
  on_parse<KeysOptions>(app, options, run_keys);
}

void Parser::add_acknowledge() {
  auto options = std::make_shared<AcknowledgeOptions>();
  CLI::App* app =
      command("acknowledge", "Acknowledge a rollback or a lost head that 'plog verify' reports", kAcknowledgeExamples);
  app->add_option("--comment", options->comment, "The reason; recorded in the ledger")->type_name("TEXT");
  add_json(app, &options->json, "Print what was done as one JSON object");
  add_globals(app);
  on_parse<AcknowledgeOptions>(app, options, run_acknowledge);
}

void Parser::add_ingest() {
  auto options = std::make_shared<IngestOptions>();
  CLI::App* app = command("ingest", "Record events from JSON lines", kIngestExamples);
  app->add_option("FILE", options->file, "A file with one JSON event per line (default, and '-': standard input)")
      ->type_name("");
  app->add_option("--agent-id", options->agent, "The agent of events that do not name one")->type_name("AGENT");
  app->add_option("--session-id", options->session, "The session of events that do not name one")->type_name("SESSION");
  add_labels(app, &options->labels,
             "Add this label to every event that does not have its key; may be given several times");
  add_json(app, &options->json, "Print the summary as one JSON object");
  add_globals(app);
  on_parse<IngestOptions>(app, options, run_ingest);
}

void Parser::add_redact() {
  auto options = std::make_shared<RedactOptions>();
  CLI::App* app = command("redact", "Copy text, replacing personal data and secrets with markers", kRedactExamples);
  app->add_option("FILE", options->file, "The text file (default, and '-': standard input)")->type_name("");
  add_json(app, &options->json, "Read each line as JSON and redact its strings and keys");
  app->add_option("--profile", options->profile,
                  "Which detectors to use (default: the configured profile, else 'default')")
      ->check(CLI::IsMember({"default", "strict", "pii", "secrets"}))
      ->type_name("default|strict|pii|secrets");
  app->add_flag("--report", options->report, "Print the number of markers of each kind on standard error");
  auto* list = app->add_flag("--list", options->list, "List the detectors instead (with --json: all their properties)");
  app->add_flag("--explain", options->explain,
                "Instead of the text, print where each match is and what it is, but not its value")
      ->excludes(list);
  add_globals(app);
  on_parse<RedactOptions>(app, options, run_redact);
}

void Parser::add_generate() {
  auto what = std::make_shared<std::string>();
  CLI::App* app =
      command("generate", "Print a completion script, the manual page, the operations or the options of a client",
              kGenerateExamples);
  app->add_option(
         "WHAT", *what,
         "bash, fish or zsh for a completion script; man for the manual page; operations or options for a JSON "
         "table of the operations or client options")
      ->required()
      ->type_name("")
      ->check([](const std::string& text) {
        const std::vector<std::string>& known = words_for("WHAT");
        return std::count(known.begin(), known.end(), text) != 0
                   ? std::string()
                   : "must be bash, fish, zsh, man, operations or options";
      });
  add_globals(app);
  app->callback([this, what] { result_.out_text = generate(app_, *what); });
}

void Parser::parse(int argc, char** argv) {
  try {
    app_.parse(argc, argv);
    if (!result_.run && result_.out_text.empty()) {
      result_.exit_code = kExitUsage;
      result_.error_text = app_.help();
    }
  } catch (const CLI::ParseError& error) {
    result_.run = nullptr;
    std::ostringstream out;
    std::ostringstream err;
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      app_.exit(error, out, err);
      result_.out_text = out.str();
      return;
    }
    result_.exit_code = kExitUsage;
    std::string where = "plog";
    for (const CLI::App* app : app_.get_subcommands()) where += " " + app->get_name();
    result_.error_text = where + ": " + escape(error.what()) + "\nTry '" + where + " --help'.\n";
  }
}

}  // namespace

Arguments parse_arguments(int argc, char** argv) {
  Arguments result;
  Parser parser(result);
  parser.parse(argc, argv);
  return result;
}

}  // namespace plog::cli
