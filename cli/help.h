// Examples and notes that follow the options in --help.
#pragma once

namespace plog::cli {

inline constexpr const char* kMainFooter = R"(Examples:
  plog log --follow --agent-id researcher
  plog verify && echo "nothing was changed"
  plog ingest events.jsonl
  plog COMMAND --help

Exit codes:
  0 ok; 1 failure; 2 wrong usage; 3 no such ledger, event or file; 4 some input lines were kept out;
  130 interrupted. 'plog verify' has one for each verdict: see 'plog verify --help'.

Environment:
  PROVENLOG_DB_PATH  the ledger file          PROVENLOG_CONFIG  a configuration file
  NO_COLOR           no colours, if not empty)";

inline constexpr const char* kLogExamples =
    R"(Times are in UTC. On a terminal, columns fit its width; in a pipe nothing but the details is cut.

Examples:
  plog log                                       the newest 20 events
  plog log -n 100 --since 2h --status error
  plog log --follow --agent-id researcher        until Ctrl-C
  plog log --all --label env=prod --label team=search --json > events.jsonl
  plog log --since 2026-02-17 --until 2026-02-18 --all)";

inline constexpr const char* kGetExamples = R"(Examples:
  plog get 019c6a3e-7d2b-7c41-9a55-2b1f0e3c4d5e
  plog get @42                                   the event at place 42
  plog get order-1234 --agent-id shop            an id that the agent chose itself
  plog get @42 --json)";

inline constexpr const char* kVerifyExamples =
    R"(Recomputes every hash from the stored octets, and holds the ledger against its tree, its heads and the keys that
signed them: no event is missing, changed or out of order. With --read-only the ledger and the journals beside it stay
as they are. Without --head or --key a ledger vouches for itself: whoever has its key can rewrite it.

Exit codes:
   0 OK, and also OK_WITH_TAIL, RECOVERED, ERASED, PRUNED, which --strict gives 10, 11, 12, 13
  20 UNVERIFIABLE   21 STALE       22 CANNOT_RUN   23 MISSING_LOG
  30 ROLLED_BACK    31 TRUNCATED   32 FORKED       33 TAMPERED

Examples:
  plog verify
  plog verify --agent-id researcher --json
  plog verify --head /mnt/elsewhere/events.head            a head that was kept where no writer of the ledger reaches
  plog verify --head events.head --incremental             only what came after that head
  plog verify --db /mnt/evidence/events.db --read-only --strict)";

inline constexpr const char* kStatsExamples = R"(Examples:
  plog stats
  plog stats --redactions
  plog stats --json)";

inline constexpr const char* kAgentsExamples = R"(Examples:
  plog agents
  plog agents --system --json)";

inline constexpr const char* kSessionsExamples = R"(Examples:
  plog sessions
  plog sessions --agent-id researcher --last 5
  plog sessions --all --json)";

inline constexpr const char* kBackupExamples =
    R"(The copy is a ledger of its own, in one file, as it stood at one moment.

Examples:
  plog backup events-2026-02-17.db
  plog verify --db events-2026-02-17.db)";

inline constexpr const char* kRestoreExamples =
    R"(The ledger then goes on under a name of its own: 'plog verify' says ROLLED_BACK until 'plog acknowledge'. To sign
its heads, the key that signed them before must lie beside it (PATH.key): a backup does not hold it.

Examples:
  plog restore events-2026-02-17.db --replace
  plog restore events-2026-02-17.db --db /srv/ledger/events.db && plog acknowledge --db /srv/ledger/events.db)";

inline constexpr const char* kExportExamples =
    R"(What is exported is what the newest head covers; a running writer signs one every second.

Examples:
  plog export --agent-id researcher --output researcher.plog
  plog export --since 2026-02-17 --until 2026-02-18 --output day.plog
  plog export --tiles /var/www/log)";

inline constexpr const char* kVerifyExportExamples =
    R"(Needs no ledger, no configuration and no network. Without --key the key that the export names is used, which shows
that it is consistent, not who made it. Exit codes: as 'plog verify --help' says.

Examples:
  plog verify-export researcher.plog
  plog verify-export researcher.plog --key ledger.vkey --head monday.head --json
  plog verify-export /var/www/log)";

inline constexpr const char* kProveExamples = R"(Examples:
  plog prove 019c6a3e-7d2b-7c41-9a55-2b1f0e3c4d5e --output event.plog
  plog verify-export event.plog)";

inline constexpr const char* kCheckpointExamples =
    R"(A head names the ledger, the number of its events and the root of their tree (a C2SP checkpoint). Whoever keeps one
can show later that nothing before it was changed: plog verify --head FILE.

Examples:
  plog checkpoint > monday.head
  plog checkpoint --json)";

inline constexpr const char* kKeysExamples =
    R"(Give the line after "key" to those who verify: plog verify --key KEY.

Examples:
  plog keys
  plog keys rotate)";

inline constexpr const char* kAcknowledgeExamples =
    R"(After a backup was restored, or the ledger's file was lost, it does not extend the head that was signed before. That
stays a finding until somebody who knows says so; the ledger records that it was said.

Examples:
  plog acknowledge --comment "restored after the disk failed on 17 February")";

inline constexpr const char* kIngestExamples =
    R"(Only a line that is no JSON object, names no agent, or is longer than 64 MiB is kept out; it is reported with its
number, and the exit code is then 4. A line that was recorded before (same agent and id) is not recorded again.

Examples:
  plog ingest events.jsonl
  my-agent --trace | plog ingest --agent-id my-agent --label env=dev
  zcat old.jsonl.gz | plog ingest --db archive.db --json)";

inline constexpr const char* kRedactExamples =
    R"(Uses the built-in patterns and the rules of the configuration. Invalid UTF-8 is repaired. With --json each line comes
out in canonical form (RFC 8785); a line that is no JSON text is kept out, reported, and makes the exit code 4.

Examples:
  tail -f agent.log | plog redact
  plog redact --json transcript.jsonl > shareable.jsonl
  plog redact --profile strict --explain config.env
  plog redact --list)";

inline constexpr const char* kGenerateExamples =
    R"(Packages of provenlog for the system bring all of these; this is for the others.

Examples:
  plog generate bash > ~/.local/share/bash-completion/completions/plog
  plog generate fish > ~/.config/fish/completions/plog.fish
  plog generate zsh > /usr/local/share/zsh/site-functions/_plog
  plog generate man | man -l -)";

}  // namespace plog::cli
