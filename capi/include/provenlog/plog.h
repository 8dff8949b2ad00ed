/*
 * provenlog: a flight recorder for AI agents. The C API.
 *
 * This header is the only stable interface of the library. It compiles as strict C99 and as C++.
 *
 * CONVENTIONS
 *  1. Handles are typed and opaque. X_destroy(NULL) does nothing. Destroying a handle never fails.
 *  2. A call that can fail returns a plog_status (0 is success). Its last argument is `plog_error **err`, which may be
 *     NULL. On failure `*err` receives an error that the caller must destroy; on success it is not touched. The status
 *     alone is enough to choose an exception class. Errors are not reported through errno or thread-local state, and no
 *     C++ exception leaves the library.
 *  3. Out-parameters are cleared (NULL, 0, "") on failure.
 *  4. A string is a pointer and a length in bytes. It must be UTF-8 and needs no terminator, except where a comment
 *     says "terminated". NULL with length 0 is the empty string. Invalid UTF-8 in an event is repaired (U+FFFD) and
 *     recorded as a warning; anywhere else it is rejected.
 *  5. A returned `const` pointer is borrowed from the handle it was obtained from, and is valid for as long as its
 *     comment says. The caller owns a handle that it receives through an out-pointer. Memory must be freed by the
 *     library that allocated it.
 *  6. Events, filters and reports are passed as JSON text.
 *  7. An options struct starts with `struct_size`. Call the struct's _init function, then set fields. A NULL pointer
 *     means "not given"; each field's comment states the default. If the struct is larger than the one this library
 *     knows, the extra bytes must be zero; otherwise the call fails with PLOG_E_UNSUPPORTED. In C and C++, _init is a
 *     macro that uses the size of the struct that the program was compiled with. The function of the same name is for
 *     programs that load the library at run time. It clears as many bytes as the library's own struct has, so pass it a
 *     struct that is at least as large, or do not call it and set struct_size yourself.
 *  8. Thread safety is stated in three words. "Shared": any thread may call at any time; the library locks. "One at a
 *     time": any thread may call, but never two at once. "Immutable": any thread may call at any time; no locks.
 *  9. A callback runs on the thread that made the call, before the call returns. It must not call into the same handle,
 *     unless its comment allows it. A non-zero result stops the operation (PLOG_E_CANCELLED).
 * 10. Status numbers, enum values and struct layouts never change within one PLOG_ABI_VERSION, except that a struct may
 *     gain fields at its end and that new numbers and values may be added.
 * 11. fork(): a client may be used in the parent and in the child. The child opens its own journal at its first call.
 *     The child must not use any other handle that another thread was using at the moment of the fork.
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

/* The ABI number, which is also the library's SOVERSION. It changes only when a compiled caller would break. */
#define PLOG_ABI_VERSION 1

/* Used by the _init macros. Do not call it directly. */
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
  PLOG_E_INVALID = 1,      /* an argument, an event or a filter is invalid; the message names it */
  PLOG_E_CONFIG = 2,       /* the value of an option is out of range or not a choice, or a configuration file, an
                            * environment variable or a redaction rule is invalid; names the option, or file and line */
  PLOG_E_NOT_FOUND = 3,    /* no such event, file or agent */
  PLOG_E_IO = 4,           /* the operating system reported an error: permission, disk, device */
  PLOG_E_FULL = 5,         /* the journal reached its limit, or the disk is full: the event was NOT recorded */
  PLOG_E_TIMEOUT = 6,      /* the deadline passed; accepted events are safe in the journal */
  PLOG_E_CLOSED = 7,       /* the client is closed */
  PLOG_E_BUSY = 8,         /* another process has held the ledger's lock for too long */
  PLOG_E_CORRUPT = 9,      /* the file is not a ledger, or is damaged */
  PLOG_E_UNSUPPORTED = 10, /* newer format, unknown struct_size, network file system, server mode */
  PLOG_E_CANCELLED = 11,   /* a callback asked to stop */
  PLOG_E_NO_MEMORY = 12,   /* the library could not allocate memory */
  PLOG_E_INTERNAL = 13     /* a defect of the library; please report it */
};

/* The stable name of a status, such as "PLOG_E_FULL"; "PLOG_E_UNKNOWN" for a number that is not listed above. Static,
 * terminated. Immutable. */
PLOG_API const char *plog_status_name(plog_status status);

/* A status with a message. One at a time. */
typedef struct plog_error plog_error;
PLOG_API plog_status plog_error_status(const plog_error *error); /* PLOG_OK for NULL */
/* One line of text: what failed, why, and what to do. Terminated; valid until the error is destroyed; "" for NULL. */
PLOG_API const char *plog_error_message(const plog_error *error);
PLOG_API void plog_error_destroy(plog_error *error);

/* ---- Version ----------------------------------------------------------------------------------------------- */

/* The release, "MAJOR.MINOR.PATCH". Static, terminated. Immutable. */
PLOG_API const char *plog_version(void);
/* The PLOG_ABI_VERSION that the library was built with. A program that loads the library at run time must compare it
 * with the number that the program was compiled with, and must not go on if they differ. Immutable. */
PLOG_API int32_t plog_abi_version(void);

/* ---- Buffers ----------------------------------------------------------------------------------------------- */

/* A text that the caller owns and must destroy. Immutable. */
typedef struct plog_buffer plog_buffer;
PLOG_API const char *plog_buffer_data(const plog_buffer *buffer); /* has a NUL after its last byte; "" for NULL */
PLOG_API size_t plog_buffer_size(const plog_buffer *buffer);      /* bytes, without the NUL; 0 for NULL */
PLOG_API void plog_buffer_destroy(plog_buffer *buffer);

/* ---- Client ------------------------------------------------------------------------------------------------ */

/* A client records events in one ledger and reads them back. Shared. All clients of a process on one ledger file share
 * one journal, one writer thread and the connections for reading. The smallest batch_size and flush_interval_ms and the
 * largest journal_limit_bytes and read_connections among them apply to all. */
typedef struct plog_client plog_client;

typedef enum plog_durability {
  PLOG_DURABILITY_DEFAULT = 0, /* the configured value, else PROCESS */
  PLOG_DURABILITY_PROCESS = 1, /* a recorded event survives the death of the process */
  PLOG_DURABILITY_POWER = 2    /* a recorded event survives a power failure: each call waits for an fsync */
} plog_durability;

typedef enum plog_on_full {
  PLOG_ON_FULL_DEFAULT = 0, /* the configured value, else BLOCK */
  PLOG_ON_FULL_BLOCK = 1,   /* wait up to block_timeout_ms for space in the journal or on the disk, then as DROP */
  PLOG_ON_FULL_DROP = 2,    /* PLOG_E_FULL at once; the loss is counted, and a gap event records it in the ledger */
  PLOG_ON_FULL_RAISE = 3    /* PLOG_E_FULL at once; the caller keeps the event, so nothing is counted as lost */
} plog_on_full;

typedef enum plog_switch {
  PLOG_SWITCH_DEFAULT = 0, /* the configured value, else the default */
  PLOG_SWITCH_ON = 1,
  PLOG_SWITCH_OFF = 2
} plog_switch;

/* The options of a client. A value out of range or not a choice is rejected with PLOG_E_CONFIG. `plog generate options`
 * prints all options with their ranges, and docs/configuration.md describes them. */
typedef struct plog_client_options {
  uint32_t struct_size;
  int32_t durability;   /* a plog_durability */
  int32_t on_full;      /* a plog_on_full */
  int32_t no_salt;      /* non-zero: as salt = PLOG_SWITCH_OFF, for callers that were compiled without that field */
  const char *base_url; /* terminated; must be NULL (PLOG_E_UNSUPPORTED) until server mode exists */
  const char *db_path;  /* terminated; NULL: PROVENLOG_DB_PATH, else the configured path, else ~/.provenlog/events.db */
  const char *agent_id; /* terminated; for events without an agent_id; NULL: the configured value, else none */
  const char *session_id;     /* terminated; for events without a session_id; NULL: the configured value, else none */
  const char *labels_json;    /* terminated; a JSON object of strings, merged into every event (the event's keys win) */
  const char *metadata_json;  /* terminated; a JSON object, merged into every event (the event's keys win) */
  const char *context_json;   /* terminated; {label_key: {...}}: calls plog_client_set_context for each default label */
  const char *source;         /* terminated; NULL: "sdk" */
  const char *capture_method; /* terminated; NULL: "embedded" */
  uint32_t batch_size;        /* 1..4096 events; 0: the configured value, else 100 */
  uint32_t flush_interval_ms; /* 1..3600000; 0: the configured value, else 1000 */
  uint32_t block_timeout_ms;  /* for PLOG_ON_FULL_BLOCK, 1..86400000; 0: the configured value, else 5000 */
  uint32_t reserved;          /* must be 0 */
  uint64_t max_event_bytes;   /* canonical bytes of one event, 4096..67108864; 0: the configured value, else 1 MiB */
  /* Maximum total size of this process's uncommitted events in bytes, 1048576..9007199254740992 (2^53); 0: the
   * configured value, else 256 MiB */
  uint64_t journal_limit_bytes;
  /* terminated; how content is stored: "full", "redacted", "digest", "none", or a JSON object with any of "default",
   * "fields" and "action_types" (docs/redaction.md); NULL: the configured value, else "redacted" */
  const char *capture_content;
  int32_t salt; /* a plog_switch: whether each event gets 16 random bytes; default: on */
  /* Queries of this process that run at once on the ledger, 1..64; further queries wait until one ends; 0: the
   * configured value, else 4 */
  uint32_t read_connections;
} plog_client_options;

/* Clears the struct and sets struct_size. Does nothing for NULL. */
PLOG_API void plog_client_options_init(plog_client_options *options);
#define plog_client_options_init(options) plog_clear_options_((options), sizeof(plog_client_options))

/* Checks one value of an option as plog_client_new does. It is for wrappers whose types have values that a field of
 * plog_client_options cannot hold, such as a negative number, or 0, which means "not given" in a field. `name` is
 * terminated: the name of an option in any spelling (batch_size, batchSize, BatchSize), which the message repeats.
 * `value` is text; a duration is a number of seconds. PLOG_E_CONFIG if the value is out of range, not a number or not a
 * choice; PLOG_E_INVALID if there is no such option. Values of options without a range or choices are accepted.
 * Immutable. */
PLOG_API plog_status plog_client_option_check(const char *name, const char *value, size_t value_len, plog_error **err);

/* Opens a ledger, or creates it (directory 0700, files 0600) if it does not exist, and commits orphaned journals.
 * `options` may be NULL. The configuration files and the environment are read here, once per client. The call succeeds
 * even if the ledger cannot be written now because another process holds its lock or because its format is newer: the
 * client then records to its journal and commits as soon as it can. Shared. */
PLOG_API plog_status plog_client_new(const plog_client_options *options, plog_client **out, plog_error **err);

/* Waits until every event that was accepted before the call is committed to the ledger. PLOG_E_TIMEOUT if that takes
 * longer than timeout_ms (negative: no deadline); otherwise fails as the commit failed. Events that could not be
 * committed stay in the journal. Shared. */
PLOG_API plog_status plog_client_flush(plog_client *client, int64_t timeout_ms, plog_error **err);

/* Closes the client: further events are rejected with PLOG_E_CLOSED, pending events are committed as by
 * plog_client_flush, and a head is signed over them. Queries, verification and plog_client_stats still work afterwards.
 * If the call fails, for example with PLOG_E_TIMEOUT, the client is closed all the same, and its pending events stay in
 * the journal until this process or the next one that opens the ledger commits them. A second call does nothing and
 * succeeds. Shared. */
PLOG_API plog_status plog_client_close(plog_client *client, int64_t timeout_ms, plog_error **err);

/* Closes the client with a deadline of 5 s, if it is open, and frees it. No other call on the client may be running.
 * Event writers and cursors of the client must be destroyed first. */
PLOG_API void plog_client_destroy(plog_client *client);

/* Records one event, given as a JSON object (schema 1.0, docs/formats.md). When the call returns, the event is in the
 * journal: it survives the death of this process and, with PLOG_DURABILITY_POWER, a power failure. Only malformed JSON,
 * a value that is not an object, and a missing agent_id are rejected (PLOG_E_INVALID). Everything else is repaired or
 * kept, with an entry in validation_warnings. PLOG_E_FULL, PLOG_E_CLOSED and PLOG_E_IO mean that the event was not
 * recorded. `id_out` (may be NULL) receives the event's id: 36 characters and a NUL. Shared. */
PLOG_API plog_status plog_log_event(plog_client *client, const char *json, size_t json_len, char id_out[37],
                                    plog_error **err);

/* Attaches the JSON object `context` to one value of the label `key`, and replaces an earlier context. This is recorded
 * as a system event. If `value` is NULL, the value of the client's default label `key` is used; PLOG_E_INVALID if the
 * client has no such default label. Shared. */
PLOG_API plog_status plog_client_set_context(plog_client *client, const char *key, size_t key_len, const char *value,
                                             size_t value_len, const char *context, size_t context_len,
                                             plog_error **err);

/* Returns the context of a label value as a JSON object; PLOG_E_NOT_FOUND if the value has no context. Contexts that
 * this client set before the call are seen. Shared. */
PLOG_API plog_status plog_client_get_context(plog_client *client, const char *key, size_t key_len, const char *value,
                                             size_t value_len, plog_buffer **out, plog_error **err);

/* Counters of this process for one ledger, over all its clients, since the first of them was created. */
typedef struct plog_client_stats_t {
  uint32_t struct_size; /* set it to sizeof(plog_client_stats_t) before the call */
  uint32_t reserved;
  uint64_t accepted;      /* events that this process wrote to its journal */
  uint64_t stored;        /* accepted events that are committed, without duplicates */
  uint64_t recovered;     /* events of dead processes that this process committed */
  uint64_t duplicates;    /* events whose (agent_id, id) was already in the ledger: stored once */
  uint64_t conflicts;     /* duplicates with different content: the first content is kept */
  uint64_t dropped;       /* events lost because the journal or the disk was full */
  uint64_t gaps;          /* gap events recorded for dropped events and for gaps in adopted journals */
  uint64_t queued_events; /* accepted events that are not committed yet */
  uint64_t queued_bytes;  /* their size in the journal */
  uint64_t truncated;     /* events shortened to max_event_bytes */
  uint64_t redactions;    /* redaction markers written */
  uint64_t errors;        /* asynchronous errors */
} plog_client_stats_t;

/* Fills `*stats`. `*last_error` (may be NULL) receives the newest asynchronous error, which the caller must destroy, or
 * NULL. Shared. */
PLOG_API plog_status plog_client_stats(plog_client *client, plog_client_stats_t *stats, plog_error **last_error,
                                       plog_error **err);

/* Waits up to timeout_ms (negative: without a limit) for an asynchronous error: a failed commit, a dropped event, a
 * duplicate with different content. `*out` receives the oldest error that this client has not returned yet, or NULL if
 * the time passed (PLOG_OK). PLOG_E_CLOSED: the client is closed and has no more errors. At most 64 errors are kept,
 * and the oldest are discarded. Shared. */
PLOG_API plog_status plog_client_next_error(plog_client *client, int64_t timeout_ms, plog_error **out,
                                            plog_error **err);

/* The real path of the ledger file. Terminated; valid until the client is destroyed; "" for NULL. Immutable. */
PLOG_API const char *plog_client_db_path(const plog_client *client);
/* The plog_durability and the plog_on_full that are in effect for this client: the option, else the configured value,
 * else the built-in default. Never DEFAULT, except for a NULL client. Immutable. */
PLOG_API int32_t plog_client_durability(const plog_client *client);
PLOG_API int32_t plog_client_on_full(const plog_client *client);

/* ---- Event writer ------------------------------------------------------------------------------------------ */

/* Writes one event value by value, without JSON text. Language bindings use it. One at a time. A thread may begin
 * another event while one is open. A writer holds no lock and takes no journal space until it commits.
 *
 * The event is an object: plog_event_begin opens it and plog_event_commit closes it. Inside an object, plog_event_key
 * precedes each value. These calls do not return a status. plog_event_commit reports the first misuse (PLOG_E_INVALID)
 * or a lack of memory (PLOG_E_NO_MEMORY). Each call copies its arguments, and does nothing for a NULL event. */
typedef struct plog_event plog_event;

/* PLOG_E_CLOSED if the client is closed. The writer must end with commit, commit_with or cancel. */
PLOG_API plog_status plog_event_begin(plog_client *client, plog_event **out, plog_error **err);
/* Begins a writer for one value that belongs to no event and needs no client. The same calls write it, but it starts
 * with a value instead of a key. When the value is complete, plog_value_to_json returns its text, and plog_event_value
 * copies it into events, both any number of times. The writer must end with cancel. */
PLOG_API plog_status plog_value_begin(plog_event **out, plog_error **err);
/* Writes the key of the next value. If a key occurs twice in an object, the last value is stored. */
PLOG_API void plog_event_key(plog_event *event, const char *key, size_t len);
/* Like plog_event_key, for a key that is not a string in the host language and is given as its text. Adds a warning. If
 * it collides with another key of the object, it gets a number: "1~2". */
PLOG_API void plog_event_coerced_key(plog_event *event, const char *key, size_t len);
/* Like plog_event_coerced_key, for a key that is given as a value: exactly one value must be written between the two
 * calls. The key's text is the content of that value if it is stored as a string, otherwise its canonical form (RFC
 * 8785). Warnings about the value are dropped. */
PLOG_API void plog_event_begin_key(plog_event *event);
PLOG_API void plog_event_end_key(plog_event *event);
PLOG_API void plog_event_string(plog_event *event, const char *text, size_t len);
/* An integer whose RFC 8785 form would have other digits is stored as a string of its digits, with a warning. */
PLOG_API void plog_event_integer(plog_event *event, int64_t value);
/* Like plog_event_integer, for any length: decimal digits, with an optional '-' before them. */
PLOG_API void plog_event_integer_text(plog_event *event, const char *digits, size_t len);
/* Writes a number. NaN and infinities are stored as "NaN", "Infinity" and "-Infinity", with a warning. */
PLOG_API void plog_event_double(plog_event *event, double value);
/* Writes true (non-zero) or false. */
PLOG_API void plog_event_bool(plog_event *event, int value);
PLOG_API void plog_event_null(plog_event *event);
/* Each container must be closed by the end function of its kind, before the event is committed. */
PLOG_API void plog_event_begin_object(plog_event *event);
PLOG_API void plog_event_end_object(plog_event *event);
PLOG_API void plog_event_begin_array(plog_event *event);
PLOG_API void plog_event_end_array(plog_event *event);
/* A set is stored as an array whose elements are sorted by the bytes of their canonical forms, before redaction. Equal
 * elements are kept. */
PLOG_API void plog_event_begin_set(plog_event *event);
PLOG_API void plog_event_end_set(plog_event *event);
/* Writes the value of a complete JSON text. Malformed text is a misuse. */
PLOG_API void plog_event_json(plog_event *event, const char *json, size_t len);
/* Writes a copy of the value of a writer from plog_value_begin, with the warnings about it. A value that is not
 * complete is a misuse. Nothing else may use `value` during the call. */
PLOG_API void plog_event_value(plog_event *event, const plog_event *value);
/* Writes the marker {"reason": reason, "truncated": true}, where `reason` is "cycle", "depth" or "size". */
PLOG_API void plog_event_truncated(plog_event *event, const char *reason, size_t len);
/* Adds an entry to validation_warnings about the value that is written next. */
PLOG_API void plog_event_warning(plog_event *event, const char *code, size_t code_len, const char *detail,
                                 size_t detail_len);
/* The number of open containers, including the event itself, and those around an open key; 0 for NULL. A container that
 * would be the 129th is replaced by a marker. */
PLOG_API int plog_event_depth(const plog_event *event);
/* Records the event as plog_log_event does, and frees the writer, even if it fails. */
PLOG_API plog_status plog_event_commit(plog_event *event, char id_out[37], plog_error **err);
/* plog_event_commit with a plog_on_full for this event instead of the client's. With PLOG_ON_FULL_RAISE it never waits
 * for space, so a caller that holds an interpreter lock or runs an event loop can try this first. */
PLOG_API plog_status plog_event_commit_with(plog_event *event, int32_t on_full, char id_out[37], plog_error **err);
/* Frees the writer. Nothing is recorded. */
PLOG_API void plog_event_cancel(plog_event *event);
/* Returns the canonical form (RFC 8785) of the value of a writer from plog_value_begin. It is not redacted.
 * PLOG_E_INVALID if the value is not complete, after a misuse, and for the writer of an event. One at a time. */
PLOG_API plog_status plog_value_to_json(plog_event *value, plog_buffer **json, plog_error **err);

/* ---- Queries ----------------------------------------------------------------------------------------------- */

/* Returns the event with this id, as JSON text. `id` may be any text that was given as an event's id, or '@' and a
 * commit index. `agent` selects the agent if several agents used the id; if it is NULL, the event that was committed
 * first is returned.
 * PLOG_E_NOT_FOUND if there is no such event. Events that this client recorded before the call are seen. Shared. */
PLOG_API plog_status plog_client_get_event(plog_client *client, const char *id, size_t id_len, const char *agent,
                                           size_t agent_len, plog_buffer **out, plog_error **err);

/* The result of a query. It is read page by page, so memory does not grow with the number of rows. No transaction is
 * open between calls. One at a time. */
typedef struct plog_cursor plog_cursor;

/* Queries the ledger. `filter` is a JSON object. All members are optional, and an event must match all that are given:
 *   agent_id, session_id, action_type, action_name, action_status, source: strings
 *   provenance_id, parent_event_id, tool_call_id, artifact_id, audit_id, intervention_id: strings
 *   since, until: RFC 3339 times; since <= timestamp < until
 *   labels: {"key": "value", ...}
 *   order: by commit, "asc" (the default: oldest first) or "desc"
 *   limit: the largest number of events, 0..2^53 (default: no limit)
 *   offset: the number of matching events to skip, 0..2^53 (default 0)
 *   after: a position from plog_cursor_position; only events that come after it in the chosen order
 *   include_system: true to include the events of the reserved agent `provenlog` (default false)
 * An unknown member is rejected (PLOG_E_INVALID). The empty text matches every event. Events that this client recorded
 * before the call are seen. Shared. */
PLOG_API plog_status plog_client_query(plog_client *client, const char *filter, size_t filter_len, plog_cursor **out,
                                       plog_error **err);
/* Returns the next event as JSON text, borrowed until the next call on the cursor. At the end `*json` is NULL and the
 * status is PLOG_OK. */
PLOG_API plog_status plog_cursor_next(plog_cursor *cursor, const char **json, size_t *json_len, plog_error **err);
/* The commit index of the event that was returned last, to use as "after" in a later filter; -1 before the first. */
PLOG_API int64_t plog_cursor_position(const plog_cursor *cursor);
PLOG_API void plog_cursor_destroy(plog_cursor *cursor);

/* ---- Verification ------------------------------------------------------------------------------------------ */

/* Called from time to time with the amount of work done and the total amount: in events for a verification, in database
 * pages for a copy; otherwise only the ratio is meaningful. A non-zero result stops the operation with
 * PLOG_E_CANCELLED. */
typedef int (*plog_progress_fn)(void *user_data, uint64_t done, uint64_t total);

typedef struct plog_verify_options {
  uint32_t struct_size;
  int32_t read_only;         /* non-zero: do not commit journals first; their events are counted as pending */
  const char *db_path;       /* terminated; used if client is NULL; NULL: as in plog_client_options */
  const char *agent_id;      /* terminated; NULL: all agents. An unknown agent is never valid */
  plog_progress_fn progress; /* may be NULL */
  void *user_data;           /* passed to progress */
  /* terminated; "chain": the hash chains and the order of commit; "tree": also leaves, tree, heads, keys and schema;
   * "full": also every column, table and sum that repeats content of events, and the database's structure; NULL:
   * "full" */
  const char *level;
  const char *key;          /* terminated; a trusted public key (vkey), or the path of a file with one; may be NULL */
  const char *const *heads; /* head_count terminated paths of trusted heads; may be NULL */
  uint32_t head_count;
  /* non-zero (needs heads): read only the events after the newest head, if the ledger extends it */
  int32_t incremental;
  uint32_t threads;  /* threads that read and hash, up to 64; 0: two */
  uint32_t reserved; /* must be 0 */
} plog_verify_options;

PLOG_API void plog_verify_options_init(plog_verify_options *options);
#define plog_verify_options_init(options) plog_clear_options_((options), sizeof(plog_verify_options))

/* Verifies the ledger of `client`, which is flushed first unless read_only is set, or, if `client` is NULL, the ledger
 * at db_path. `*report` receives one JSON object, even if the verification could not run:
 * {"verdict","valid","events","agents","tail","assurance","findings":[{"agent_id","sequence","what"}...], ...}
 * (docs/cli.md describes every member). `options` may be NULL. The call returns PLOG_OK whatever the verdict is. It
 * fails only for an invalid argument or configuration, a cancellation or a lack of memory. Memory does not grow with
 * the number of events. Shared. */
PLOG_API plog_status plog_verify(plog_client *client, const plog_verify_options *options, plog_buffer **report,
                                 plog_error **err);

/* The exit code that `plog verify` uses for a verdict name ("OK", "TAMPERED", ...); 2 for an unknown name. Immutable.
 */
PLOG_API int32_t plog_verdict_exit_code(const char *verdict);

/* ---- Heads and keys ---------------------------------------------------------------------------------------- */

/* Commits everything that was accepted before the call, signs a head over it, and publishes the head beside the ledger
 * and to the configured copies. `*note` (may be NULL) receives the newest head: the text of a C2SP checkpoint.
 * PLOG_E_NOT_FOUND if the signing key is missing. timeout_ms: as in plog_client_flush. Shared. */
PLOG_API plog_status plog_client_checkpoint(plog_client *client, int64_t timeout_ms, plog_buffer **note,
                                            plog_error **err);
/* Creates a new signing key, which replaces the old one in the key file and signs all later heads. The change is
 * recorded in an event that both keys sign. `*vkey` (may be NULL) receives the new public key. Errors and timeout_ms:
 * as in plog_client_checkpoint. Shared. */
PLOG_API plog_status plog_client_rotate_key(plog_client *client, int64_t timeout_ms, plog_buffer **vkey,
                                            plog_error **err);
/* Records that an operator accepts that the ledger does not extend some of its heads, for example after a backup was
 * restored or a file was deleted. Verification then no longer reports ROLLED_BACK or FORKED for them. `comment` gives
 * the reason; it is redacted and recorded. `*count` (may be NULL) receives the number of heads; if it is 0, nothing is
 * recorded. timeout_ms: as in plog_client_flush. Shared. */
PLOG_API plog_status plog_client_acknowledge(plog_client *client, const char *comment, size_t comment_len,
                                             int64_t timeout_ms, uint64_t *count, plog_error **err);
/* Returns the ledger's origin, current public key, epoch, newest head and the path of its key file:
 * {"origin","vkey","epoch","head":{"size","root"} or null,"key_file"}. Shared. */
PLOG_API plog_status plog_client_key(plog_client *client, plog_buffer **json, plog_error **err);

/* ---- Exports and copies ------------------------------------------------------------------------------------ */

typedef struct plog_export_options {
  uint32_t struct_size;
  int32_t tiles;       /* non-zero: write a directory of C2SP tlog-tiles instead of a .plog file */
  const char *db_path; /* terminated; used if client is NULL; NULL: as in plog_client_options */
  /* terminated; as in plog_client_query, without order, limit, offset and after; NULL: every event; must be NULL for
   * tiles */
  const char *filter;
  int32_t overwrite;         /* non-zero: replace an existing file; must be 0 for tiles */
  uint32_t reserved;         /* must be 0 */
  plog_progress_fn progress; /* may be NULL */
  void *user_data;           /* passed to progress */
} plog_export_options;

PLOG_API void plog_export_options_init(plog_export_options *options);
#define plog_export_options_init(options) plog_clear_options_((options), sizeof(plog_export_options))

/* Writes the events that the newest head covers, with their proofs, to a file (0600) that plog_verify_export can check
 * without the ledger; or writes their tree to a directory, which a later export updates. If `client` is not NULL,
 * everything that it accepted before the call is committed and signed first. `*report` (may be NULL) receives
 * {"path","events","tree_size","root","tail"}, where "tail" is the number of newer events that the head does not cover
 * and the export leaves out. PLOG_E_NOT_FOUND if the ledger has no head yet; PLOG_E_INVALID if the file exists;
 * PLOG_E_CORRUPT if the ledger does not match its head. Memory does not grow with the ledger. Shared. */
PLOG_API plog_status plog_export(plog_client *client, const plog_export_options *options, const char *path,
                                 plog_buffer **report, plog_error **err);

/* Returns one event with its proof, as the text of a .plog file. `id` and `agent`: as in plog_client_get_event. Errors:
 * as in plog_export; PLOG_E_NOT_FOUND also if there is no such event. Shared. */
PLOG_API plog_status plog_client_prove(plog_client *client, const char *id, size_t id_len, const char *agent,
                                       size_t agent_len, plog_buffer **out, plog_error **err);

typedef struct plog_check_options {
  uint32_t struct_size;
  uint32_t head_count;
  const char *const *heads; /* head_count terminated paths of trusted heads; may be NULL */
  /* terminated; a trusted public key (vkey), or the path of a file with one; NULL: the key that the export names, which
   * proves that the export is consistent, not who wrote it */
  const char *key;
  plog_progress_fn progress; /* may be NULL */
  void *user_data;           /* passed to progress */
} plog_check_options;

PLOG_API void plog_check_options_init(plog_check_options *options);
#define plog_check_options_init(options) plog_clear_options_((options), sizeof(plog_check_options))

/* Checks a .plog file or a directory of tiles. It needs no ledger, no configuration and no network. `options` may be
 * NULL. `*report` receives a report like that of plog_verify, with the additional member "complete": whether the export
 * contains every event of its tree. The call returns PLOG_OK whatever the verdict is. It may run on any thread. */
PLOG_API plog_status plog_verify_export(const char *path, const plog_check_options *options, plog_buffer **report,
                                        plog_error **err);

/* Copies the ledger of `client` or, if `client` is NULL, the ledger at db_path (NULL: as in plog_client_options) to a
 * new file, and its newest head to `<path>.head`. The ledger may be in use. The signing key is not copied.
 * PLOG_E_INVALID if one of the two files exists. After a failure neither file is left. `progress` may be NULL. Shared.
 */
PLOG_API plog_status plog_backup(plog_client *client, const char *db_path, const char *path, plog_progress_fn progress,
                                 void *user_data, plog_error **err);
/* Copies the backup at `path` to db_path (NULL: as in plog_client_options), where it becomes the ledger. The restored
 * ledger continues under an origin of its own, and verifies as ROLLED_BACK until plog_client_acknowledge. If db_path
 * exists, a non-zero `replace` renames the ledger that is there; otherwise the call fails with PLOG_E_INVALID.
 * PLOG_E_CORRUPT if the backup does not verify. `progress` may be NULL. `*report` (may be NULL) receives
 * {"db_path","events","replaced","unsigned_because"}: "replaced" is the new path of the renamed ledger, or null;
 * "unsigned_because" is the reason why no head could be signed, or null. It may run on any thread. */
PLOG_API plog_status plog_restore(const char *path, const char *db_path, int32_t replace, plog_progress_fn progress,
                                  void *user_data, plog_buffer **report, plog_error **err);

/* ---- Operations -------------------------------------------------------------------------------------------- */

/* Calls any operation by its name, with its parameters and its result as JSON text. `plog generate operations` prints
 * all operations with their parameters and results, and docs/operations.md describes them. Later releases add
 * operations and optional parameters; the typed functions of this header do the same as the operations that correspond
 * to them.
 *
 * `name` is terminated. `parameters` is a JSON object; the empty text means no parameters, and a member that is null
 * counts as not given. `client` may be NULL for an operation whose "client" is not "required". `progress` (may be NULL)
 * is called by operations whose "progress" is true, with `user_data`; others cannot be cancelled. `*result` receives
 * the result, which is at most a page: an operation that has more returns "next", to pass in the next call.
 *
 * PLOG_E_INVALID if there is no such operation, if a client is missing, and if a parameter is unknown, missing, given
 * twice, of the wrong type or out of range: the message names the operation and the parameter. Otherwise fails as the
 * operation does. Paths in parameters and results are those of this machine. Shared. */
PLOG_API plog_status plog_call(plog_client *client, const char *name, const char *parameters, size_t parameters_len,
                               plog_progress_fn progress, void *user_data, plog_buffer **result, plog_error **err);

/* ---- Redactor ---------------------------------------------------------------------------------------------- */

/* The redaction engine, without a ledger. Immutable. */
typedef struct plog_redactor plog_redactor;

/* Creates a redactor with the built-in detectors and the given rules. `rules` is a JSON array of
 * {"name","pattern","replace"}, where "pattern" is in RE2 syntax and "replace" is optional; NULL: no rules.
 * PLOG_E_INVALID if the JSON is malformed; PLOG_E_CONFIG if a rule cannot be used: the message names it. */
PLOG_API plog_status plog_redactor_new(const char *rules, size_t rules_len, plog_redactor **out, plog_error **err);
/* As plog_redactor_new, with the redaction settings of the configuration files too. */
PLOG_API plog_status plog_redactor_new_configured(const char *rules, size_t rules_len, plog_redactor **out,
                                                  plog_error **err);
/* As plog_redactor_new, with more options; with a non-zero `configured`, they are added to the redaction settings of
 * the configuration files. `options` is a JSON object with any of {"profile": "default" | "strict" | "pii" | "secrets",
 * "rules": [...], "disable": [name, ...], "allow": {"values": [...], "patterns": [...], "keys": [...], "paths": [...]},
 * "keep_last": {name: 1 to 8}, "pseudonym_key": text of at least 16 bytes} (docs/redaction.md); NULL: no options. */
PLOG_API plog_status plog_redactor_new_with(const char *options, size_t options_len, int configured,
                                            plog_redactor **out, plog_error **err);
/* Returns what plog_redactor_redact would replace: a JSON array of {"name","start","end"}. The offsets are in bytes,
 * the findings are in order and do not overlap. The text must be valid UTF-8. */
PLOG_API plog_status plog_redactor_findings(const plog_redactor *redactor, const char *text, size_t len,
                                            plog_buffer **json, plog_error **err);
/* Returns the built-in detectors with their examples, and the rules for keys, as a JSON array (docs/redaction.md).
 * Immutable. */
PLOG_API plog_status plog_redactor_detectors(plog_buffer **json, plog_error **err);
/* Returns the text with every finding replaced by its marker. Invalid UTF-8 is repaired first. `*count` (may be NULL)
 * receives the number of findings. */
PLOG_API plog_status plog_redactor_redact(const plog_redactor *redactor, const char *text, size_t len,
                                          plog_buffer **out, uint64_t *count, plog_error **err);
/* As plog_redactor_redact, for every string value and key of a JSON text. The result is canonical JSON (RFC 8785).
 * PLOG_E_INVALID if the text is not JSON. */
PLOG_API plog_status plog_redactor_redact_json(const plog_redactor *redactor, const char *json, size_t len,
                                               plog_buffer **out, uint64_t *count, plog_error **err);
PLOG_API void plog_redactor_destroy(plog_redactor *redactor);

#ifdef __cplusplus
}
#endif
#endif
