/* What the tests of the C API share. Each test runs in an empty directory, which is also its HOME. */
#ifndef PROVENLOG_TESTS_CAPI_CHECK_H
#define PROVENLOG_TESTS_CAPI_CHECK_H

#include <provenlog/plog.h>
#include <stddef.h>

typedef struct test_case {
  const char* name;
  void (*run)(void);
} test_case;

/* Groups, each ended by a case without a name. */
extern const test_case basics_tests[];
extern const test_case client_tests[];
extern const test_case concurrency_tests[];
extern const test_case event_tests[];
extern const test_case fork_tests[];
extern const test_case null_tests[];
extern const test_case query_tests[];
extern const test_case redactor_tests[];
extern const test_case struct_size_tests[];
extern const test_case verify_tests[];

/* Ends the test program with the place and what was expected. */
void fail_at(const char* file, int line, const char* what);
void fail_status(const char* file, int line, const char* call, plog_status expected, plog_status actual,
                 plog_error* error);

#define CHECK(condition)                                       \
  do {                                                         \
    if (!(condition)) fail_at(__FILE__, __LINE__, #condition); \
  } while (0)

/* A call whose last argument is `&err`: the status must be `expected`, there must be an error (with that status and a
 * message) exactly if it is not PLOG_OK, and the error is destroyed. */
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

/* A pointer that an out-parameter must not keep after a failure. */
#define POISON(type) ((type*)(size_t)16)

/* A client on "test.db" in the test's directory with the default agent "tester". */
plog_client* open_client(void);
/* The same on another file, or with other options. */
plog_client* open_client_at(const char* path);

/* Records an event given as terminated text. */
void log_text(plog_client* client, const char* json);
void flush_client(plog_client* client);
/* Number of events that a filter finds. */
size_t count_events(plog_client* client, const char* filter);
/* The event with this id; the caller destroys it. */
plog_buffer* get_event(plog_client* client, const char* id);
plog_client_stats_t stats_of(plog_client* client);
/* The report of a verification, NULL options' client; the caller destroys it. */
plog_buffer* verify_client(plog_client* client);

#endif
