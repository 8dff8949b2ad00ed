/*
 * provenlog: a flight recorder for AI agents. The C API.
 *
 * This header is the only stable surface of the library. It compiles as strict C99 and as C++.
 *
 * CONVENTIONS
 *  1. Handles are typed and opaque. X_destroy(NULL) does nothing, and never fails.
 *  2. A call that can fail returns plog_status (0 is success) and takes a last argument `plog_error **err`, which may
 *     be NULL. On failure it receives an error that the caller destroys; on success it is left alone. The status alone
 *     is enough to choose an exception class. Nothing crosses through errno or thread-local state, and no C++
 *     exception ever leaves the library.
 *  3. Out-parameters are cleared (NULL, 0, "") on failure.
 *  4. Strings are pointer + length in UTF-8 and need no terminator; NULL with length 0 is the empty string. Invalid
 *     UTF-8 in an event is repaired (U+FFFD) and recorded as a warning; elsewhere it is refused.
 *  5. A returned `const` pointer is borrowed from the handle it came from, and lives until the time its comment says.
 *     An out-pointer to a handle is owned by the caller. Memory is freed only by the library that made it.
 *  6. Events, filters and reports cross as JSON text.
 *  7. An options struct starts with `struct_size`: call its _init function, then set fields. A pointer NULL means "not
 *     given"; see each field for what then applies. A size that this library does not know is refused
 *     (PLOG_E_UNSUPPORTED) unless all the bytes that it does not know are zero. For C and C++ _init is a macro, which
 *     knows the struct that the program was compiled with; the function of that name, for those who load the library at
 *     run time, clears as much as the library knows, so give it a struct as large or set struct_size without it.
 *  8. Thread words: "shared" = any thread, any time, internally locked; "one at a time" = any thread, but never two at
 *     once; "immutable" = any thread, no locks.
 *  9. A callback runs on the thread that made the call, inside it. It must not call back into the same handle, except
 *     where its comment allows it. A non-zero result stops the work (PLOG_E_CANCELLED).
 * 10. Status numbers, enum values and struct layouts never change within one PLOG_ABI_VERSION.
 * 11. fork(): a client may be used on both sides. The child's first call opens a journal of its own. Handles other than
 *     plog_client that were in use by another thread at the fork must not be used in the child.
 */
#ifndef PROVENLOG_PLOG_H
#define PROVENLOG_PLOG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(PLOG_STATIC)
#define PLOG_API
#elif defined(__GNUC__)
#define PLOG_API __attribute__((visibility("default")))
#else
#define PLOG_API
#endif

/* The ABI number: changes only when a compiled caller would break. It is the library's SOVERSION. */
#define PLOG_ABI_VERSION 1

/* What the _init macros do. */
static inline void plog_clear_options_(void *options, uint32_t size) {
  uint32_t i;
  if (options == NULL) return;
  for (i = 0; i < size; ++i) *((unsigned char *)options + i) = 0;
  *(uint32_t *)options = size;
}

/* ---- Status ------------------------------------------------------------------------------------------------ */

typedef int32_t plog_status;
enum {
  PLOG_OK = 0,
  PLOG_E_INVALID = 1,      /* an argument, an event or a filter is not acceptable; the message names it */
  PLOG_E_CONFIG = 2,       /* a configuration file or environment variable is broken; names file, line and key */
  PLOG_E_NOT_FOUND = 3,    /* no such event, file or agent */
  PLOG_E_IO = 4,           /* the operating system refused: permission, disk, device */
  PLOG_E_FULL = 5,         /* the journal reached its limit, or the disk is full: the event was NOT recorded */
  PLOG_E_TIMEOUT = 6,      /* the deadline passed; what was accepted is safe in the journal */
  PLOG_E_CLOSED = 7,       /* the client was closed */
  PLOG_E_BUSY = 8,         /* another process holds the ledger's lock for too long */
  PLOG_E_CORRUPT = 9,      /* the file is no ledger, or is damaged */
  PLOG_E_UNSUPPORTED = 10, /* newer format, unknown struct_size, network file system, server mode */
  PLOG_E_CANCELLED = 11,   /* a callback asked to stop */
  PLOG_E_NO_MEMORY = 12,
  PLOG_E_INTERNAL = 13 /* a defect of the library; please report it */
};

/* A stable name, such as "PLOG_E_FULL"; "PLOG_E_UNKNOWN" for numbers not listed. Immutable, static. */
PLOG_API const char *plog_status_name(plog_status status);

/* An error. One at a time. */
typedef struct plog_error plog_error;
PLOG_API plog_status plog_error_status(const plog_error *error); /* PLOG_OK for NULL */
/* Terminated text that lives with the error; "" for NULL. */
PLOG_API const char *plog_error_message(const plog_error *error);
PLOG_API void plog_error_destroy(plog_error *error);

/* ---- Version ----------------------------------------------------------------------------------------------- */

/* The release, "MAJOR.MINOR.PATCH". Static. */
PLOG_API const char *plog_version(void);
/* The PLOG_ABI_VERSION that the library was built with. A binding compares it with its own at load. */
PLOG_API int32_t plog_abi_version(void);

/* ---- Buffers ----------------------------------------------------------------------------------------------- */

/* Text owned by the caller. Immutable. */
typedef struct plog_buffer plog_buffer;
PLOG_API const char *plog_buffer_data(const plog_buffer *buffer); /* terminated by NUL beyond its size; "" for NULL */
PLOG_API size_t plog_buffer_size(const plog_buffer *buffer);      /* without the NUL; 0 for NULL */
PLOG_API void plog_buffer_destroy(plog_buffer *buffer);

/* ---- Client ------------------------------------------------------------------------------------------------ */

/* A client records events into one ledger. Shared. All clients of a process on one ledger file share one journal and
 * one writer thread; the smallest batch_size and flush_interval of them apply. */
typedef struct plog_client plog_client;

typedef enum plog_durability {
  PLOG_DURABILITY_DEFAULT = 0, /* what configuration says, else PROCESS */
  PLOG_DURABILITY_PROCESS = 1, /* a recorded event survives the death of the process */
  PLOG_DURABILITY_POWER = 2    /* a recorded event survives the loss of power: each call waits for an fsync */
} plog_durability;

typedef enum plog_on_full {
  PLOG_ON_FULL_DEFAULT = 0, /* what configuration says, else BLOCK */
  PLOG_ON_FULL_BLOCK = 1,   /* wait up to block_timeout_ms for space, then as DROP */
  PLOG_ON_FULL_DROP = 2,    /* PLOG_E_FULL at once; the loss is counted and becomes a gap event in the ledger */
  PLOG_ON_FULL_RAISE = 3    /* PLOG_E_FULL at once; the caller keeps the event, so nothing is counted as lost */
} plog_on_full;

typedef struct plog_client_options {
  uint32_t struct_size;
  int32_t durability;   /* plog_durability */
  int32_t on_full;      /* plog_on_full */
  int32_t no_salt;      /* non-zero: events get no salt */
  const char *base_url; /* terminated; not NULL: PLOG_E_UNSUPPORTED until server mode exists */
  const char *db_path;  /* terminated; NULL: PROVENLOG_DB_PATH, configuration, then ~/.provenlog/events.db */
  const char *agent_id; /* terminated; default of events that name none */
  const char *session_id;
  const char *labels_json;    /* terminated; an object of strings, merged into every event (the event's own keys win) */
  const char *metadata_json;  /* terminated; an object, merged likewise */
  const char *context_json;   /* terminated; {label_key: {...}}: what plog_client_set_context does, for several keys */
  const char *source;         /* terminated; NULL: "sdk" */
  const char *capture_method; /* terminated; NULL: "embedded" */
  uint32_t batch_size;        /* 1..4096 events; 0: configuration, else 100 */
  uint32_t flush_interval_ms; /* 1..3600000; 0: configuration, else 1000 */
  uint32_t block_timeout_ms;  /* for PLOG_ON_FULL_BLOCK; 0: configuration, else 5000 */
  uint32_t reserved;          /* 0 */
  uint64_t max_event_bytes;   /* canonical octets of one event, 4096..67108864; 0: configuration, else 1 MiB */
  uint64_t journal_limit_bytes; /* undrained journal of this process, at least 1 MiB; 0: configuration, else 256 MiB */
  /* terminated; what is kept of content: "full", "redacted", "digest", "none", or a JSON object of {"default",
   * "fields", "action_types"} (docs/redaction.md); NULL: configuration, else "redacted" */
  const char *capture_content;
} plog_client_options;

/* Clears the struct and sets its size. */
PLOG_API void plog_client_options_init(plog_client_options *options);
#define plog_client_options_init(options) plog_clear_options_((options), sizeof(plog_client_options))

/* Opens a ledger, creating it (directory 0700, files 0600) when absent, and records orphaned journals of dead
 * processes. `options` may be NULL. Configuration and environment are read here, once. */
PLOG_API plog_status plog_client_new(const plog_client_options *options, plog_client **out, plog_error **err);

/* Commits everything accepted before the call to the ledger. PLOG_E_TIMEOUT when that takes longer than timeout_ms
 * (negative: no deadline). Shared. */
PLOG_API plog_status plog_client_flush(plog_client *client, int64_t timeout_ms, plog_error **err);

/* flush, then refuses further events with PLOG_E_CLOSED. On PLOG_E_TIMEOUT the client is closed too, and its events
 * stay in the journal for the next process that opens the ledger. Closing twice is no error. Shared. */
PLOG_API plog_status plog_client_close(plog_client *client, int64_t timeout_ms, plog_error **err);

/* Closes with a deadline of 5 s if still open, and frees. Cursors of the client must be destroyed first. */
PLOG_API void plog_client_destroy(plog_client *client);

/* Records one event, given as a JSON object (schema 1.0). On return it is in the journal: it survives the death of this
 * process (and, with PLOG_DURABILITY_POWER, the loss of power). Only malformed JSON, a value that is no object, and a
 * missing agent_id are refused; everything else is repaired or kept, with an entry in validation_warnings.
 * `id_out` (may be NULL) receives the event's id as 36 characters and a NUL. Shared. */
PLOG_API plog_status plog_log_event(plog_client *client, const char *json, size_t json_len, char id_out[37],
                                    plog_error **err);

/* Attaches the JSON object `context` to one value of a label; replaces an earlier one. Recorded as a system event.
 * With value NULL the value is the client's default label `key`; PLOG_E_INVALID if there is none. Shared. */
PLOG_API plog_status plog_client_set_context(plog_client *client, const char *key, size_t key_len, const char *value,
                                             size_t value_len, const char *context, size_t context_len,
                                             plog_error **err);

/* The context of a label value as a JSON object; PLOG_E_NOT_FOUND if none was set. Shared. */
PLOG_API plog_status plog_client_get_context(plog_client *client, const char *key, size_t key_len, const char *value,
                                             size_t value_len, plog_buffer **out, plog_error **err);

typedef struct plog_client_stats_t {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t accepted;      /* events journalled by this process for this ledger */
  uint64_t stored;        /* of these, committed */
  uint64_t recovered;     /* events of dead processes that this process committed */
  uint64_t duplicates;    /* retries of an (agent_id, id) already in the ledger: stored once */
  uint64_t conflicts;     /* of these, with different content: the first content stands */
  uint64_t dropped;       /* events lost to on_full */
  uint64_t gaps;          /* gap events recorded for them, and for gaps found in adopted journals */
  uint64_t queued_events; /* journalled, not yet committed */
  uint64_t queued_bytes;
  uint64_t truncated;  /* events cut to max_event_bytes */
  uint64_t redactions; /* markers written */
  uint64_t errors;     /* asynchronous errors so far */
} plog_client_stats_t;

/* Counters. `last_error` (may be NULL) receives the newest asynchronous error or NULL, owned by the caller. Shared. */
PLOG_API plog_status plog_client_stats(plog_client *client, plog_client_stats_t *stats, plog_error **last_error,
                                       plog_error **err);

/* Waits up to timeout_ms (negative: for ever) for an asynchronous error (a commit that failed, an event dropped, a
 * conflicting duplicate). `*out` is the oldest one not yet taken, or NULL when the time passed.
 * PLOG_E_CLOSED: the client is closed and no more will come. At most 64 are kept. Shared. */
PLOG_API plog_status plog_client_next_error(plog_client *client, int64_t timeout_ms, plog_error **out,
                                            plog_error **err);

/* The real path of the ledger file. Terminated; lives with the client. */
PLOG_API const char *plog_client_db_path(const plog_client *client);
/* What options and configuration came to: a plog_durability and a plog_on_full, never the DEFAULT (0: NULL client).
 * Immutable. */
PLOG_API int32_t plog_client_durability(const plog_client *client);
PLOG_API int32_t plog_client_on_full(const plog_client *client);

/* ---- Event writer ------------------------------------------------------------------------------------------ */

/* Writes one event value by value, without JSON text: what bindings use. One at a time, and nested use on one thread is
 * allowed (begin another event while one is open). A writer holds no lock and no journal space.
 *
 * The event is an object: it is open after plog_event_begin, and plog_event_commit closes it. Inside an object each
 * value is preceded by plog_event_key. Calls do not fail one by one: commit reports the first misuse. */
typedef struct plog_event plog_event;

PLOG_API plog_status plog_event_begin(plog_client *client, plog_event **out, plog_error **err);
PLOG_API void plog_event_key(plog_event *event, const char *key, size_t len);
/* A key that was no string in the host language, given as its text. On collision it is numbered: "1~2". */
PLOG_API void plog_event_coerced_key(plog_event *event, const char *key, size_t len);
PLOG_API void plog_event_string(plog_event *event, const char *text, size_t len);
PLOG_API void plog_event_integer(plog_event *event, int64_t value);
/* Decimal digits of any length with an optional '-'. */
PLOG_API void plog_event_integer_text(plog_event *event, const char *digits, size_t len);
PLOG_API void plog_event_double(plog_event *event, double value);
PLOG_API void plog_event_bool(plog_event *event, int value);
PLOG_API void plog_event_null(plog_event *event);
PLOG_API void plog_event_begin_object(plog_event *event);
PLOG_API void plog_event_end_object(plog_event *event);
PLOG_API void plog_event_begin_array(plog_event *event);
PLOG_API void plog_event_end_array(plog_event *event);
/* Writes a whole JSON text as the value. Malformed text is a misuse. */
PLOG_API void plog_event_json(plog_event *event, const char *json, size_t len);
/* The value {"reason": reason, "truncated": true}; reason "cycle" or "depth". */
PLOG_API void plog_event_truncated(plog_event *event, const char *reason, size_t len);
/* Adds an entry to validation_warnings, about the value written next. */
PLOG_API void plog_event_warning(plog_event *event, const char *code, size_t code_len, const char *detail,
                                 size_t detail_len);
/* Depth of open containers: 1 for the event itself. A value below 128 is replaced by a marker. */
PLOG_API int plog_event_depth(const plog_event *event);
/* Journals the event and frees the writer, also on failure. As plog_log_event. */
PLOG_API plog_status plog_event_commit(plog_event *event, char id_out[37], plog_error **err);
/* plog_event_commit with a plog_on_full of its own in place of the client's. With PLOG_ON_FULL_RAISE it never waits for
 * space: what a caller does first that holds an interpreter's lock or runs an event loop. */
PLOG_API plog_status plog_event_commit_with(plog_event *event, int32_t on_full, char id_out[37], plog_error **err);
/* Frees the writer; nothing is recorded. */
PLOG_API void plog_event_cancel(plog_event *event);

/* ---- Queries ----------------------------------------------------------------------------------------------- */

/* One event by its id (any text that was given as the id). With agent NULL: the first committed with that id.
 * `*out` is NULL with PLOG_E_NOT_FOUND. Events that this client recorded before the call are seen. Shared. */
PLOG_API plog_status plog_client_get_event(plog_client *client, const char *id, size_t id_len, const char *agent,
                                           size_t agent_len, plog_buffer **out, plog_error **err);

/* A query's result, read page by page: a million rows need no more memory than one page. No transaction is open
 * between calls. One at a time. */
typedef struct plog_cursor plog_cursor;

/* `filter` is a JSON object, all members optional and ANDed:
 *   agent_id, session_id, action_type, action_name, action_status, source: strings
 *   provenance_id, parent_event_id, tool_call_id, artifact_id, audit_id, intervention_id: strings
 *   since, until: RFC 3339 times; since <= timestamp < until
 *   labels: {"key": "value", ...}
 *   order: "asc" (default; by commit) | "desc"
 *   limit: 0..2^53 (default: none), offset: 0.. (default 0)
 *   after: a position from plog_cursor_position; rows beyond it in the chosen order
 *   include_system: true to include the events of the reserved agent `provenlog` (default false)
 * An unknown member is refused. Events that this client recorded before the call are seen. Shared. */
PLOG_API plog_status plog_client_query(plog_client *client, const char *filter, size_t filter_len, plog_cursor **out,
                                       plog_error **err);
/* The next event as JSON text, borrowed until the next call on the cursor; `*json` NULL at the end (PLOG_OK). */
PLOG_API plog_status plog_cursor_next(plog_cursor *cursor, const char **json, size_t *json_len, plog_error **err);
/* The position of the event last returned, to be given as "after" in a later filter; -1 before the first. */
PLOG_API int64_t plog_cursor_position(const plog_cursor *cursor);
PLOG_API void plog_cursor_destroy(plog_cursor *cursor);

/* ---- Verification ------------------------------------------------------------------------------------------ */

/* Called now and then with the events done and the events there are. Non-zero stops the verification. */
typedef int (*plog_progress_fn)(void *user_data, uint64_t done, uint64_t total);

typedef struct plog_verify_options {
  uint32_t struct_size;
  int32_t read_only;         /* non-zero: never drain orphaned journals first; their records are counted as pending */
  const char *db_path;       /* terminated; used when client is NULL; NULL as in plog_client_options */
  const char *agent_id;      /* terminated; NULL: all agents. An unknown agent is never valid */
  plog_progress_fn progress; /* may be NULL; called on the caller's thread */
  void *user_data;
  const char *level;        /* terminated: "chain" (chains and the order of commit), "tree" (and leaves, tree, heads,
                               keys, schema), "full" (and all that repeats the octets); NULL: full */
  const char *key;          /* terminated; a trusted public key (vkey), or the path of a file with one; may be NULL */
  const char *const *heads; /* head_count paths of trusted heads; may be NULL */
  uint32_t head_count;
  int32_t incremental; /* non-zero: only the events behind the newest trusted head, if the ledger extends it */
  uint32_t threads;    /* that read and hash; 0: two */
  uint32_t reserved;   /* 0 */
} plog_verify_options;

PLOG_API void plog_verify_options_init(plog_verify_options *options);
#define plog_verify_options_init(options) plog_clear_options_((options), sizeof(plog_verify_options))

/* Verifies a ledger, through a client (which is flushed first) or by path. `*report` is one JSON object, also when the
 * verification could not run: {"verdict","valid","events","agents","tail","assurance","findings":[{"agent_id",
 * "sequence","what"}...], ...} (docs/cli.md has them all). PLOG_OK whatever the verdict is; a status tells only of a
 * bad argument or a cancel. Shared; needs constant memory, and threads while it runs. */
PLOG_API plog_status plog_verify(plog_client *client, const plog_verify_options *options, plog_buffer **report,
                                 plog_error **err);

/* The exit code of a verdict name ("OK", "TAMPERED", ...), as `plog verify` uses it; 2 for unknown names. */
PLOG_API int32_t plog_verdict_exit_code(const char *verdict);

/* ---- Heads and keys ---------------------------------------------------------------------------------------- */

/* Commits everything accepted before the call, signs a head over it and publishes that (beside the ledger, and to the
 * configured copies). `*note` (may be NULL) receives it: a C2SP checkpoint, as text. PLOG_E_NOT_FOUND when the signing
 * key is missing. timeout_ms as in plog_client_flush. Shared. */
PLOG_API plog_status plog_client_checkpoint(plog_client *client, int64_t timeout_ms, plog_buffer **note,
                                            plog_error **err);
/* From now on heads are signed by a new key, which takes the place of the old one in its file. Both sign an event that
 * says so. `*vkey` (may be NULL) receives the new public key. As plog_client_checkpoint. Shared. */
PLOG_API plog_status plog_client_rotate_key(plog_client *client, int64_t timeout_ms, plog_buffer **vkey,
                                            plog_error **err);
/* Records that an operator knows of the heads which the ledger does not extend (a restored backup, a deleted file):
 * verification then no longer reports ROLLED_BACK or FORKED for them. `comment` (redacted) says why it is
 * right. `*count` (may be NULL) receives how many there were; with none, nothing is recorded. Shared. */
PLOG_API plog_status plog_client_acknowledge(plog_client *client, const char *comment, size_t comment_len,
                                             int64_t timeout_ms, uint64_t *count, plog_error **err);
/* The ledger's name and key: {"origin","vkey","epoch","head":{"size","root"} or null,"key_file"}. Shared. */
PLOG_API plog_status plog_client_key(plog_client *client, plog_buffer **json, plog_error **err);

/* ---- Exports and copies ------------------------------------------------------------------------------------ */

typedef struct plog_export_options {
  uint32_t struct_size;
  int32_t tiles;       /* non-zero: a static directory of C2SP tlog-tiles instead of a .plog file */
  const char *db_path; /* terminated; used when client is NULL; NULL as in plog_client_options */
  const char *filter;  /* terminated; as plog_client_query's, without order, limit, offset and after; not for tiles */
  int32_t overwrite;   /* non-zero: the file may be there already; not for tiles */
  uint32_t reserved;   /* 0 */
  plog_progress_fn progress; /* may be NULL */
  void *user_data;
} plog_export_options;

PLOG_API void plog_export_options_init(plog_export_options *options);
#define plog_export_options_init(options) plog_clear_options_((options), sizeof(plog_export_options))

/* Writes the events that the newest head covers to a file (0600) that plog_verify_export checks without the ledger, or
 * their tree to a directory, which a later export brings up to date. Through a client everything accepted before the
 * call is committed and signed first. `*report` (may be NULL): {"path","events","tree_size","root","tail"}; tail: newer
 * events that were left out. PLOG_E_NOT_FOUND when there is no head yet. Memory does not grow with the ledger. Shared.
 */
PLOG_API plog_status plog_export(plog_client *client, const plog_export_options *options, const char *path,
                                 plog_buffer **report, plog_error **err);

/* One event with all that proves it, as the text of a .plog file. `agent` as in plog_client_get_event. Shared. */
PLOG_API plog_status plog_client_prove(plog_client *client, const char *id, size_t id_len, const char *agent,
                                       size_t agent_len, plog_buffer **out, plog_error **err);

typedef struct plog_check_options {
  uint32_t struct_size;
  uint32_t head_count;
  const char *const *heads; /* head_count paths of trusted heads; may be NULL */
  const char *key; /* terminated; a trusted public key (vkey), or the path of a file with one; NULL: the export's */
  plog_progress_fn progress; /* may be NULL */
  void *user_data;
} plog_check_options;

PLOG_API void plog_check_options_init(plog_check_options *options);
#define plog_check_options_init(options) plog_clear_options_((options), sizeof(plog_check_options))

/* Checks a .plog file or a directory of tiles: no ledger, configuration or network is needed. `*report` as
 * plog_verify's, with "complete" (all events of the tree were there). PLOG_OK whatever the verdict is. */
PLOG_API plog_status plog_verify_export(const char *path, const plog_check_options *options, plog_buffer **report,
                                        plog_error **err);

/* Copies a ledger, while it is in use, to a new file, with its newest head at `<path>.head`. The key stays where it is.
 * The ledger is the client's or, with client NULL, the one at db_path (NULL as in plog_client_options). Shared. */
PLOG_API plog_status plog_backup(plog_client *client, const char *db_path, const char *path, plog_progress_fn progress,
                                 void *user_data, plog_error **err);
/* Makes a copy of a backup the ledger at db_path. It goes on under an origin of its own and verifies as ROLLED_BACK
 * until plog_client_acknowledge. A ledger that is there is kept under another name, if `replace` is non-zero; else it
 * is PLOG_E_INVALID. PLOG_E_CORRUPT when the backup does not verify. `*report` (may be NULL): {"db_path","events",
 * "replaced","unsigned_because"}, the last two null where they do not apply. */
PLOG_API plog_status plog_restore(const char *path, const char *db_path, int32_t replace, plog_progress_fn progress,
                                  void *user_data, plog_buffer **report, plog_error **err);

/* ---- Redactor ---------------------------------------------------------------------------------------------- */

/* The redaction engine by itself. Immutable. */
typedef struct plog_redactor plog_redactor;

/* `rules` is a JSON array of {"name","pattern","replace"} (RE2 syntax), added to the built-in ones; NULL for none. */
PLOG_API plog_status plog_redactor_new(const char *rules, size_t rules_len, plog_redactor **out, plog_error **err);
/* As above, with the rules of the configuration files too. */
PLOG_API plog_status plog_redactor_new_configured(const char *rules, size_t rules_len, plog_redactor **out,
                                                  plog_error **err);
/* As above (`configured` not 0: with what the configuration files say), with more options: a JSON object of any of
 * {"profile": "default" | "strict" | "pii" | "secrets", "rules": [...], "disable": [name, ...], "allow": {"values":
 * [...], "patterns": [...], "keys": [...], "paths": [...]}, "keep_last": {name: 1 to 8}, "pseudonym_key": text}; NULL
 * for none. */
PLOG_API plog_status plog_redactor_new_with(const char *options, size_t options_len, int configured,
                                            plog_redactor **out, plog_error **err);
/* What plog_redactor_redact would replace: a JSON array of {"name","start","end"}, in octets of the text, in order and
 * apart from each other. The text must be valid UTF-8. */
PLOG_API plog_status plog_redactor_findings(const plog_redactor *redactor, const char *text, size_t len,
                                            plog_buffer **json, plog_error **err);
/* The built-in detectors with their examples, and the rules for keys, as a JSON array (docs/redaction.md). */
PLOG_API plog_status plog_redactor_detectors(plog_buffer **json, plog_error **err);
/* The text, its invalid UTF-8 repaired, with every hit replaced by its marker, and the number of hits. */
PLOG_API plog_status plog_redactor_redact(const plog_redactor *redactor, const char *text, size_t len,
                                          plog_buffer **out, uint64_t *count, plog_error **err);
/* The same over all string values and keys of a JSON text; the result is canonical (RFC 8785). */
PLOG_API plog_status plog_redactor_redact_json(const plog_redactor *redactor, const char *json, size_t len,
                                               plog_buffer **out, uint64_t *count, plog_error **err);
PLOG_API void plog_redactor_destroy(plog_redactor *redactor);

#ifdef __cplusplus
}
#endif
#endif
