/* Options of callers that were compiled with another version of plog.h. */
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

static void smaller_client_options_are_refused(void) {
  static const uint32_t sizes[] = {0, 1, 4, 8, sizeof(plog_client_options) - 1};
  size_t i;
  for (i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
    plog_client_options options;
    plog_client* client = POISON(plog_client);
    plog_client_options_init(&options);
    options.struct_size = sizes[i];
    CHECK_CALL(PLOG_E_UNSUPPORTED, plog_client_new(&options, &client, &err));
    CHECK(client == NULL);
  }
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

  options.unknown = 0;
  options.known.struct_size = 4;
  report = POISON(plog_buffer);
  CHECK_CALL(PLOG_E_UNSUPPORTED, plog_verify(client, &options.known, &report, &err));
  CHECK(report == NULL);
  plog_client_destroy(client);
}

static void stats_of_another_size_are_treated_likewise(void) {
  plog_client* client = open_client();
  future_stats stats;
  plog_error* newest = POISON(plog_error);
  memset(&stats, 0, sizeof stats);
  stats.known.struct_size = sizeof stats;
  log_text(client, "{}");
  CHECK_OK(plog_client_stats(client, &stats.known, &newest, &err));
  CHECK(newest == NULL);
  CHECK(stats.known.accepted > 0);
  CHECK(stats.unknown == 0);

  stats.unknown = 1;
  newest = POISON(plog_error);
  CHECK_CALL(PLOG_E_UNSUPPORTED, plog_client_stats(client, &stats.known, &newest, &err));
  CHECK(newest == NULL);
  CHECK(stats.known.accepted == 0);

  memset(&stats, 0, sizeof stats);
  CHECK_CALL(PLOG_E_UNSUPPORTED, plog_client_stats(client, &stats.known, NULL, &err));
  plog_client_destroy(client);
}

const test_case struct_size_tests[] = {
    {"smaller client options are refused", smaller_client_options_are_refused},
    {"larger client options are taken while what is unknown is zero",
     larger_client_options_are_taken_while_what_is_unknown_is_zero},
    {"verify options of another size are treated likewise", verify_options_of_another_size_are_treated_likewise},
    {"stats of another size are treated likewise", stats_of_another_size_are_treated_likewise},
    {NULL, NULL},
};
