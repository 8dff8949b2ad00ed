// The commands and their options. arguments.cpp fills the structs from the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cli/output.h"
#include "cli/terminal.h"

namespace plog::cli {

// Exit codes other than those of verdicts (10 to 33); see docs/cli.md.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailure = 1,
  kExitUsage = 2,
  kExitNotFound = 3,
  kExitRejected = 4,  // some input lines were rejected
  kExitInterrupted = 130,
};

// Options of every command.
struct Globals {
  std::string db;
  ColorMode color = ColorMode::kAuto;
};

struct Context {
  Globals globals;
  Terminal terminal;
  Output out;
};

using Labels = std::vector<std::pair<std::string, std::string>>;

// How a reading command opens the ledger, and how it prints.
struct ReadOptions {
  bool read_only = false;
  bool json = false;
};

struct LogOptions : ReadOptions {
  std::uint64_t last = 20;
  bool all = false;
  bool follow = false;
  bool include_system = false;
  std::optional<std::string> agent, session, type, name, status;
  std::optional<Micros> since, until;
  Labels labels;
};

struct GetOptions : ReadOptions {
  std::string id;
  std::optional<std::string> agent;
};

struct VerifyOptions : ReadOptions {
  std::optional<std::string> agent;  // nullopt: all agents
  std::string level = "full";
  std::vector<std::string> heads;  // files with trusted heads
  std::optional<std::string> key;  // a trusted public key, or a file that contains one
  bool incremental = false;
  std::uint32_t threads = 0;  // 0: the default, 2
  bool strict = false;
};

struct StatsOptions : ReadOptions {
  bool redactions = false;
};

struct AgentsOptions : ReadOptions {
  bool include_system = false;
};

struct SessionsOptions : ReadOptions {
  std::optional<std::string> agent;
  std::uint64_t last = 20;
  bool all = false;
};

struct ExportOptions {
  std::optional<std::string> output, tiles;  // exactly one is set
  std::optional<std::string> agent, session, type, name, status;
  std::optional<Micros> since, until;
  Labels labels;
  bool overwrite = false;
  bool json = false;
  bool read_only = false;
};

struct CheckOptions {
  std::string path;
  std::optional<std::string> key;
  std::vector<std::string> heads;  // files
  bool strict = false;
  bool json = false;
};

struct ProveOptions {
  std::string id;
  std::optional<std::string> agent, output;
  bool read_only = false;
};

struct CheckpointOptions {
  bool json = false;
};

struct KeysOptions {
  bool rotate = false;
  bool json = false;
};

struct AcknowledgeOptions {
  std::string comment;
  bool json = false;
};

struct RestoreOptions {
  std::string file;
  bool replace = false;
  bool json = false;
};

struct BackupOptions {
  std::string file;
  bool read_only = false;
};

struct IngestOptions {
  std::string file;
  std::string agent, session;
  Labels labels;
  bool json = false;
};

struct RedactOptions {
  std::string file;
  std::string profile;  // empty: the configured profile
  bool json = false;
  bool report = false;
  bool list = false;
  bool explain = false;
};

// Each runs one command and returns the exit code. Throws Error, BrokenPipe, and exceptions of the standard library.
int run_log(Context& context, const LogOptions& options);
int run_get(Context& context, const GetOptions& options);
int run_verify(Context& context, const VerifyOptions& options);
int run_stats(Context& context, const StatsOptions& options);
int run_agents(Context& context, const AgentsOptions& options);
int run_sessions(Context& context, const SessionsOptions& options);
int run_backup(Context& context, const BackupOptions& options);
int run_export(Context& context, const ExportOptions& options);
int run_verify_export(Context& context, const CheckOptions& options);
int run_prove(Context& context, const ProveOptions& options);
int run_checkpoint(Context& context, const CheckpointOptions& options);
int run_keys(Context& context, const KeysOptions& options);
int run_acknowledge(Context& context, const AcknowledgeOptions& options);
int run_restore(Context& context, const RestoreOptions& options);
int run_ingest(Context& context, const IngestOptions& options);
int run_redact(Context& context, const RedactOptions& options);

}  // namespace plog::cli
