// Notes and examples that follow the options in --help, and in the manual page (manual.cpp).
#pragma once

namespace plog::cli {

inline constexpr const char* kMainFooter = R"(Examples:
  plog log --follow --agent-id researcher
  plog verify && echo "nothing was changed"
  plog ingest events.jsonl
  plog COMMAND --help

Exit codes:
  0 success; 1 failure; 2 wrong usage; 3 no such ledger, event or file; 4 some input lines were rejected;
  130 interrupted. 'plog verify' has one exit code per verdict: see 'plog verify --help'.

Environment:
  PROVENLOG_DB_PATH  the ledger file          PROVENLOG_CONFIG  the configuration file
  NO_COLOR           if set and not empty, no colours)";

inline constexpr const char* kLogExamples =
    R"(Times are in UTC. On a terminal the table is cut to fit; in a pipe only the details column is cut.

Examples:
  plog log                                       show the newest 20 events
  plog log -n 100 --since 2h --status error
  plog log --follow --agent-id researcher        keep showing new events until Ctrl-C
  plog log --all --label env=prod --label team=search --json > events.jsonl
  plog log --since 2026-02-17 --until 2026-02-18 --all)";

inline constexpr const char* kGetExamples = R"(Examples:
  plog get 019c6a3e-7d2b-7c41-9a55-2b1f0e3c4d5e
  plog get @42                                   show the event at place 42
  plog get order-1234 --agent-id shop            show an event by an id that the agent chose
  plog get @42 --json)";

inline constexpr const char* kVerifyExamples =
    R"(Recomputes every hash from the stored bytes and compares the ledger with its tree, its heads and the keys that
signed them. A changed, missing or reordered event is found. With --read-only, the ledger and its journals are not
written. Without --head or --key the ledger is only compared with itself: whoever holds its key can rewrite it.

Exit codes:
   0 OK; also OK_WITH_TAIL, RECOVERED, ERASED, PRUNED, for which --strict uses 10, 11, 12, 13
  20 UNVERIFIABLE   21 STALE       22 CANNOT_RUN   23 MISSING_LOG
  30 ROLLED_BACK    31 TRUNCATED   32 FORKED       33 TAMPERED
  ERASED, PRUNED and STALE are reserved; this version does not report them.

Examples:
  plog verify
  plog verify --agent-id researcher --json
  plog verify --head /mnt/elsewhere/events.head            a head kept where no writer of the ledger can change it
  plog verify --head events.head --incremental             check only the events after that head
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
    R"(The copy is a complete ledger in one file, as of one moment. Its head is written to FILE.head. The key is not
copied.

Examples:
  plog backup events-2026-02-17.db
  plog verify --db events-2026-02-17.db)";

inline constexpr const char* kRestoreExamples =
    R"(The restored ledger continues as a branch under its own origin: 'plog verify' reports ROLLED_BACK until you run
'plog acknowledge'. A backup does not contain the key. To sign heads, put the ledger's key back at PATH.key first.

Examples:
  plog restore events-2026-02-17.db --replace
  plog restore events-2026-02-17.db --db /srv/ledger/events.db && plog acknowledge --db /srv/ledger/events.db)";

inline constexpr const char* kExportExamples =
    R"(Exports only events that the newest head covers. A running writer signs a new head every second.

Examples:
  plog export --agent-id researcher --output researcher.plog
  plog export --since 2026-02-17 --until 2026-02-18 --output day.plog
  plog export --tiles /var/www/log)";

inline constexpr const char* kVerifyExportExamples =
    R"(Needs no ledger, no configuration and no network. Without --key, the key named in the export is used. That shows
that the export is consistent, but not who made it. The exit codes are those of 'plog verify'.

Examples:
  plog verify-export researcher.plog
  plog verify-export researcher.plog --key ledger.vkey --head monday.head --json
  plog verify-export /var/www/log)";

inline constexpr const char* kProveExamples = R"(Examples:
  plog prove 019c6a3e-7d2b-7c41-9a55-2b1f0e3c4d5e --output event.plog
  plog verify-export event.plog)";

inline constexpr const char* kCheckpointExamples =
    R"(A head is a C2SP checkpoint: the ledger's origin, the number of its events and the root hash of their tree. Keep
one elsewhere, and 'plog verify --head FILE' checks later that no event it covers was changed.

Examples:
  plog checkpoint > monday.head
  plog checkpoint --json)";

inline constexpr const char* kKeysExamples =
    R"(Give the value after "key" to whoever verifies the ledger, for 'plog verify --key KEY'.

Examples:
  plog keys
  plog keys rotate)";

inline constexpr const char* kAcknowledgeExamples =
    R"(After a backup is restored, or the ledger or its head is lost, the ledger does not extend its earlier heads.
'plog verify' reports this until it is acknowledged. The ledger records the acknowledgement as an event.

Examples:
  plog acknowledge --comment "restored after the disk failed on 17 February")";

inline constexpr const char* kIngestExamples =
    R"(A line is rejected only if it is not a JSON object, has no agent, or is longer than 64 MiB. Rejected lines are
reported with their line numbers, and the exit code is 4. An event with the same agent and id is not recorded again.

Examples:
  plog ingest events.jsonl
  my-agent --trace | plog ingest --agent-id my-agent --label env=dev
  zcat old.jsonl.gz | plog ingest --db archive.db --json)";

inline constexpr const char* kRedactExamples =
    R"(Uses the built-in detectors and the rules in the configuration. Invalid UTF-8 is repaired. With --json, lines are
printed in canonical form (RFC 8785). A line that is not valid JSON is rejected: it is reported, and the exit code is 4.

Examples:
  tail -f agent.log | plog redact
  plog redact --json transcript.jsonl > shareable.jsonl
  plog redact --profile strict --explain config.env
  plog redact --list)";

inline constexpr const char* kGenerateExamples =
    R"(System packages of provenlog install the completion scripts and the manual page. Use this command for other
installations, such as pip. The options of a client are printed as a JSON array, for programs that wrap the library.

Examples:
  plog generate bash > ~/.local/share/bash-completion/completions/plog
  plog generate fish > ~/.config/fish/completions/plog.fish
  plog generate zsh > /usr/local/share/zsh/site-functions/_plog
  plog generate man | man -l -
  plog generate operations | jq -r '.[].name'
  plog generate options | jq '.[] | select(.name == "batch_size")')";

}  // namespace plog::cli
