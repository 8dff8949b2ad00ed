/* Options structs of callers that were compiled with another version of plog.h. */
#include <string.h>

#include "check.h"

typedef struct future_client_options {
  plog_client_options known;
  uint64_t unknown[2];
} future_client_options;

typedef struct future_verify_options {
  plog_verify_options known;
  uint64_t unknown;
} future_verify_options;

typedef struct future_stats {
  plog_client_stats_t known;
  uint64_t unknown;
} future_stats;

static void options_that_nobody_initialised_are_refused(void) {
  static const uint32_t sizes[] = {0, 1, 4, 7, 0xAAAAAAAA, UINT32_MAX};
  size_t i;
  for (i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
    const plog_status expected = sizes[i] < 8 ? PLOG_E_INVALID : PLOG_E_UNSUPPORTED;
    plog_client* client = POISON(plog_client);
    plog_buffer* report = POISON(plog_buffer);
    plog_client_options options;
    plog_verify_options verify_options;
    plog_client_stats_t stats;
    plog_client_options_init(&options);
    options.struct_size = sizes[i];
    CHECK_CALL(expected, plog_client_new(&options, &client, &err));
    CHECK(client == NULL);
    plog_verify_options_init(&verify_options);
    verify_options.struct_size = sizes[i];
    CHECK_CALL(expected, plog_verify(NULL, &verify_options, &report, &err));
    CHECK(report == NULL);
    memset(&stats, 0, sizeof stats);
    stats.struct_size = sizes[i];
    client = open_client();
    CHECK_CALL(expected, plog_client_stats(client, &stats, NULL, &err));
    plog_client_destroy(client);
  }
}

static void what_the_smaller_options_of_an_older_caller_lack_has_its_default(void) {
  plog_client_options options;
  plog_client* client = NULL;
  memset(&options, 0xFF, sizeof options);
  memset(&options, 0, offsetof(plog_client_options, max_event_bytes));
  options.struct_size = offsetof(plog_client_options, max_event_bytes);
  options.db_path = "test.db";
  options.agent_id = "tester";
  CHECK_OK(plog_client_new(&options, &client, &err));
  log_text(client, "{}");
  CHECK(count_events(client, "{}") == 1);
  plog_client_destroy(client);
}

static void larger_client_options_are_taken_while_what_is_unknown_is_zero(void) {
  future_client_options options;
  plog_client* client = NULL;
  memset(&options, 0, sizeof options);
  plog_client_options_init(&options.known);
  options.known.struct_size = sizeof options;
  options.known.db_path = "test.db";
  CHECK_OK(plog_client_new(&options.known, &client, &err));
  plog_client_destroy(client);

  options.unknown[1] = 1;
  client = POISON(plog_client);
  CHECK_CALL(PLOG_E_UNSUPPORTED, plog_client_new(&options.known, &client, &err));
  CHECK(client == NULL);
}

static void verify_options_of_another_size_are_treated_likewise(void) {
  plog_client* client = open_client();
  future_verify_options options;
  plog_buffer* report = NULL;
  memset(&options, 0, sizeof options);
  plog_verify_options_init(&options.known);
  options.known.struct_size = sizeof options;
  CHECK_OK(plog_verify(client, &options.known, &report, &err));
  plog_buffer_destroy(report);

  options.unknown = 1;
  report = POISON(plog_buffer);
  CHECK_CALL(PLOG_E_UNSUPPORTED, plog_verify(client, &options.known, &report, &err));
  CHECK(report == NULL);

  plog_client_destroy(client);
}

static void stats_fill_what_the_caller_knows_and_clear_the_rest(void) {
  plog_client* client = open_client();
  future_stats stats;
  plog_error* newest = POISON(plog_error);
  memset(&stats, 0xFF, sizeof stats);
  stats.known.struct_size = sizeof stats;
  log_text(client, "{}");
  CHECK_OK(plog_client_stats(client, &stats.known, &newest, &err));
  CHECK(newest == NULL);
  CHECK(stats.known.struct_size == sizeof stats);
  CHECK(stats.known.accepted > 0);
  CHECK(stats.unknown == 0);

  memset(&stats, 0xFF, sizeof stats);
  stats.known.struct_size = offsetof(plog_client_stats_t, stored);
  CHECK_OK(plog_client_stats(client, &stats.known, NULL, &err));
  CHECK(stats.known.accepted > 0);
  CHECK(stats.known.stored == UINT64_MAX);
  plog_client_destroy(client);
}

const test_case struct_size_tests[] = {
    {"uninitialised options are rejected", options_that_nobody_initialised_are_refused},
    {"fields missing from an older caller's smaller options have their defaults",
     what_the_smaller_options_of_an_older_caller_lack_has_its_default},
    {"larger client options are accepted as long as the unknown part is zero",
     larger_client_options_are_taken_while_what_is_unknown_is_zero},
    {"verify options of another size are treated the same way", verify_options_of_another_size_are_treated_likewise},
    {"stats fill the fields that the caller knows and clear the rest",
     stats_fill_what_the_caller_knows_and_clear_the_rest},
    {NULL, NULL},
};
