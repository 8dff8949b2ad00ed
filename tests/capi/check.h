/* Helpers of the C API tests. Each test runs in an empty directory, which is also its HOME. */
#ifndef PROVENLOG_TESTS_CAPI_CHECK_H
#define PROVENLOG_TESTS_CAPI_CHECK_H

#include <provenlog/plog.h>
#include <stddef.h>

typedef struct test_case {
  const char* name;
  void (*run)(void);
} test_case;

/* The groups of tests. A case without a name ends each group. */
extern const test_case basics_tests[];
extern const test_case client_tests[];
extern const test_case concurrency_tests[];
extern const test_case event_tests[];
extern const test_case fork_tests[];
extern const test_case null_tests[];
extern const test_case operations_tests[];
extern const test_case operations_fork_tests[];
extern const test_case query_tests[];
extern const test_case redactor_tests[];
extern const test_case struct_size_tests[];
extern const test_case verify_tests[];

/* Prints the place and the expectation, and exits with 1. */
void fail_at(const char* file, int line, const char* what);
void fail_status(const char* file, int line, const char* call, plog_status expected, plog_status actual,
                 plog_error* error);

#define CHECK(condition)                                       \
  do {                                                         \
    if (!(condition)) fail_at(__FILE__, __LINE__, #condition); \
  } while (0)

/* Checks a call whose last argument is `&err`. The status must be `expected`; `err` must be set, with that status and a
 * message, if and only if the status is not PLOG_OK. Destroys the error. */
#define CHECK_CALL(expected, call)                                                             \
  do {                                                                                         \
    plog_error* err = NULL;                                                                    \
    plog_status actual_status = (call);                                                        \
    if (actual_status != (expected) || (actual_status == PLOG_OK) != (err == NULL) ||          \
        plog_error_status(err) != actual_status || (err != NULL && !*plog_error_message(err))) \
      fail_status(__FILE__, __LINE__, #call, (expected), actual_status, err);                  \
    plog_error_destroy(err);                                                                   \
  } while (0)

#define CHECK_OK(call) CHECK_CALL(PLOG_OK, call)

#define CHECK_TEXT(expected, actual) check_text(__FILE__, __LINE__, (expected), (actual))
#define CHECK_CONTAINS(text, part) check_contains(__FILE__, __LINE__, (text), (part))
void check_text(const char* file, int line, const char* expected, const char* actual);
void check_contains(const char* file, int line, const char* text, const char* part);

/* An invalid pointer, which an out-parameter must not keep after a failure. */
#define POISON(type) ((type*)(size_t)16)

/* Opens a client for "test.db" in the test's directory, with the default agent "tester". */
plog_client* open_client(void);
/* The same for another file. */
plog_client* open_client_at(const char* path);

/* Records an event given as terminated text. */
void log_text(plog_client* client, const char* json);
void flush_client(plog_client* client);
/* The number of events that match a filter. */
size_t count_events(plog_client* client, const char* filter);
/* The event with this id; the caller destroys it. */
plog_buffer* get_event(plog_client* client, const char* id);
plog_client_stats_t stats_of(plog_client* client);
/* The report of a verification with default options; the caller destroys it. */
plog_buffer* verify_client(plog_client* client);

#endif
