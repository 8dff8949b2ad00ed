#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"

static int mode_of(const char* path) {
  struct stat status;
  CHECK(stat(path, &status) == 0);
  return (int)(status.st_mode & 0777);
}

static void without_options_the_ledger_lies_in_the_home_directory_and_is_private(void) {
  plog_client* client = NULL;
  const char* path;
  CHECK_OK(plog_client_new(NULL, &client, &err));
  log_text(client, "{\"agent_id\":\"a\"}");
  flush_client(client);
  path = plog_client_db_path(client);
  CHECK(path[0] == '/');
  CHECK_CONTAINS(path, "/.provenlog/events.db");
  CHECK(mode_of(".provenlog") == 0700);
  CHECK(mode_of(".provenlog/events.db") == 0600);
  plog_client_destroy(client);
}

static void defaults_of_the_client_are_merged_into_events_whose_own_values_win(void) {
  plog_client_options options;
  plog_client* client = NULL;
  plog_buffer* event;
  const char* text;
  plog_client_options_init(&options);
  options.db_path = "test.db";
  options.agent_id = "default-agent";
  options.session_id = "s1";
  options.labels_json = "{\"env\":\"test\",\"team\":\"red\"}";
  options.metadata_json = "{\"host\":\"h\"}";
  options.source = "my-source";
  options.capture_method = "my-method";
  options.no_salt = 1;
  CHECK_OK(plog_client_new(&options, &client, &err));
  log_text(client, "{\"id\":\"018f4c2e-0000-7000-8000-000000000001\",\"labels\":{\"team\":\"blue\"}}");
  event = get_event(client, "018f4c2e-0000-7000-8000-000000000001");
  text = plog_buffer_data(event);
  CHECK_CONTAINS(text, "\"agent_id\":\"default-agent\"");
  CHECK_CONTAINS(text, "\"session_id\":\"s1\"");
  CHECK_CONTAINS(text, "\"labels\":{\"env\":\"test\",\"team\":\"blue\"}");
  CHECK_CONTAINS(text, "\"metadata\":{\"host\":\"h\"}");
  CHECK_CONTAINS(text, "\"source\":\"my-source\"");
  CHECK_CONTAINS(text, "\"capture_method\":\"my-method\"");
  CHECK(strstr(text, "\"salt\"") == NULL);
  plog_buffer_destroy(event);
  plog_client_destroy(client);
}

static void refuse(const plog_client_options* options, plog_status expected) {
  plog_client* client = POISON(plog_client);
  CHECK_CALL(expected, plog_client_new(options, &client, &err));
  CHECK(client == NULL);
}

static void options_out_of_range_are_refused(void) {
  plog_client_options base, options;
  plog_client_options_init(&base);
  base.db_path = "test.db";
#define REFUSED(status, member, value) \
  options = base;                      \
  options.member = (value);            \
  refuse(&options, status)
  REFUSED(PLOG_E_CONFIG, durability, 3);
  REFUSED(PLOG_E_CONFIG, durability, -1);
  REFUSED(PLOG_E_CONFIG, on_full, 4);
  REFUSED(PLOG_E_CONFIG, batch_size, 4097);
  REFUSED(PLOG_E_CONFIG, flush_interval_ms, 3600001);
  REFUSED(PLOG_E_CONFIG, max_event_bytes, 4095);
  REFUSED(PLOG_E_CONFIG, max_event_bytes, 67108865);
  REFUSED(PLOG_E_CONFIG, journal_limit_bytes, 1048575);
  REFUSED(PLOG_E_CONFIG, journal_limit_bytes, ((uint64_t)1 << 53) + 1);
  REFUSED(PLOG_E_CONFIG, block_timeout_ms, 86400001);
  REFUSED(PLOG_E_CONFIG, read_connections, 65);
  REFUSED(PLOG_E_CONFIG, salt, 3);
  REFUSED(PLOG_E_CONFIG, salt, -1);
  base.no_salt = 1;
  REFUSED(PLOG_E_CONFIG, salt, PLOG_SWITCH_ON);
  base.no_salt = 0;
  REFUSED(PLOG_E_UNSUPPORTED, reserved, 1);
  REFUSED(PLOG_E_INVALID, labels_json, "[]");
  REFUSED(PLOG_E_INVALID, labels_json, "{\"a\":");
  REFUSED(PLOG_E_INVALID, metadata_json, "3");
  REFUSED(PLOG_E_INVALID, context_json, "\"x\"");
  REFUSED(PLOG_E_CONFIG, capture_content, "some");
  REFUSED(PLOG_E_CONFIG, capture_content, "{\"fields\":{\"agent_id\":\"none\"}}");
  REFUSED(PLOG_E_CONFIG, capture_content, "{");
  REFUSED(PLOG_E_UNSUPPORTED, base_url, "http://localhost:7600");
#undef REFUSED
}

static void a_message_names_the_option_its_value_and_its_range(void) {
  plog_client_options options;
  plog_client* client = NULL;
  plog_error* error = NULL;
  plog_client_options_init(&options);
  options.db_path = "test.db";
  options.batch_size = 100000;
  CHECK(plog_client_new(&options, &client, &error) == PLOG_E_CONFIG);
  CHECK_TEXT("batch_size: 100000 is out of range; use 1 to 4096", plog_error_message(error));
  plog_error_destroy(error);
  options.batch_size = 0;
  options.flush_interval_ms = 3600001;
  CHECK(plog_client_new(&options, &client, &error) == PLOG_E_CONFIG);
  CHECK_TEXT("flush_interval: 3600.001 s is out of range; use 0.001 to 3600 s", plog_error_message(error));
  plog_error_destroy(error);
}

static void a_value_of_an_option_is_checked_as_text(void) {
  static const struct {
    const char *name, *value, *message; /* NULL: accepted */
  } cases[] = {
      {"batch_size", "4096", NULL},
      {"batch_size", "0", "batch_size: 0 is out of range; use 1 to 4096"},
      {"batchSize", "-1", "batchSize: -1 is out of range; use 1 to 4096"},
      {"BatchSize", "18446744073709551616", "BatchSize: 18446744073709551616 is out of range; use 1 to 4096"},
      {"batch_size", "1.5", "batch_size: \"1.5\" is not a whole number; use 1 to 4096"},
      {"batch_size", "", "batch_size: \"\" is not a whole number; use 1 to 4096"},
      {"flush_interval", "0.0001", NULL},
      {"flush_interval", "3600", NULL},
      {"flushInterval", "0", "flushInterval: 0 s is out of range; use 0.001 to 3600 s"},
      {"flush_interval", "1e999", "flush_interval: 1e999 s is out of range; use 0.001 to 3600 s"},
      {"block_timeout", "-inf", "block_timeout: -inf s is out of range; use 0.001 to 86400 s"},
      {"block_timeout", "nan", "block_timeout: \"nan\" is not a number of seconds; use 0.001 to 86400 s"},
      {"durability", "power", NULL},
      {"durability", "eternal\n", "durability: \"eternal\\n\" is not valid; use process or power"},
      {"onFull", "panic", "onFull: \"panic\" is not valid; use block, drop or raise"},
      {"db_path", "anything", NULL},
  };
  size_t i;
  for (i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    plog_error* error = NULL;
    const plog_status expected = cases[i].message == NULL ? PLOG_OK : PLOG_E_CONFIG;
    CHECK(plog_client_option_check(cases[i].name, cases[i].value, strlen(cases[i].value), &error) == expected);
    CHECK_TEXT(cases[i].message == NULL ? "" : cases[i].message, plog_error_message(error));
    plog_error_destroy(error);
  }
  CHECK_CALL(PLOG_E_INVALID, plog_client_option_check("no_such_option", "1", 1, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_option_check("origin", "x", 1, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_option_check(NULL, "1", 1, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_option_check("batch_size", "\xff", 1, &err));
}

static void salt_can_be_switched_on_against_the_configuration(void) {
  plog_client_options options;
  plog_client* client = NULL;
  plog_buffer* event;
  int32_t salt;
  FILE* file = fopen("salt.yaml", "w");
  CHECK(file != NULL && fputs("salt: false\n", file) >= 0 && fclose(file) == 0);
  setenv("PROVENLOG_CONFIG", "salt.yaml", 1);
  for (salt = PLOG_SWITCH_DEFAULT; salt <= PLOG_SWITCH_OFF; ++salt) {
    static const char* const ids[] = {"018f4c2e-0000-7000-8000-000000000010", "018f4c2e-0000-7000-8000-000000000011",
                                      "018f4c2e-0000-7000-8000-000000000012"};
    char json[64];
    plog_client_options_init(&options);
    options.db_path = "salt.db";
    options.agent_id = "tester";
    options.salt = salt;
    CHECK_OK(plog_client_new(&options, &client, &err));
    snprintf(json, sizeof json, "{\"id\":\"%s\"}", ids[salt]);
    log_text(client, json);
    event = get_event(client, ids[salt]);
    CHECK((strstr(plog_buffer_data(event), "\"salt\"") != NULL) == (salt == PLOG_SWITCH_ON));
    plog_buffer_destroy(event);
    plog_client_destroy(client);
  }
  unsetenv("PROVENLOG_CONFIG");
}

static void a_ledger_that_cannot_be_created_is_an_error_of_the_operating_system(void) {
  plog_client_options options;
  plog_client_options_init(&options);
  options.db_path = "/dev/null/events.db";
  refuse(&options, PLOG_E_IO);
}

static void an_event_is_found_by_the_id_that_was_returned(void) {
  plog_client* client = open_client();
  char id[37];
  plog_buffer* event;
  static const char json[] = "{\"action_name\":\"search\",\"action_input\":{\"q\":\"x\"}}";
  memset(id, 'x', sizeof id);
  CHECK_OK(plog_log_event(client, json, strlen(json), id, &err));
  CHECK(strlen(id) == 36);
  event = get_event(client, id);
  CHECK_CONTAINS(plog_buffer_data(event), id);
  CHECK_CONTAINS(plog_buffer_data(event), "\"action_input\":{\"q\":\"x\"}");
  CHECK_CONTAINS(plog_buffer_data(event), "\"sequence\":1");
  CHECK_CONTAINS(plog_buffer_data(event),
                 "\"prev_hash\":\"0000000000000000000000000000000000000000000000000000000000000000\"");
  plog_buffer_destroy(event);
  plog_client_destroy(client);
}

static void only_what_is_no_event_is_refused(void) {
  plog_client_options options;
  plog_client* client = NULL;
  static const char* const refused[] = {
      "", "{", "[]", "3", "null", "{} {}", "{\"agent_id\":\"\"}", "{\"action_name\":\"x\"}"};
  char id[37];
  size_t i;
  plog_client_options_init(&options);
  options.db_path = "test.db";
  CHECK_OK(plog_client_new(&options, &client, &err));
  for (i = 0; i < sizeof refused / sizeof refused[0]; ++i) {
    memset(id, 'x', sizeof id);
    CHECK_CALL(PLOG_E_INVALID, plog_log_event(client, refused[i], strlen(refused[i]), id, &err));
    CHECK_TEXT("", id);
  }
  log_text(client, "{\"agent_id\":\"a\",\"timestamp\":\"yesterday\",\"duration_ms\":\"long\",\"labels\":7}");
  CHECK(count_events(client, "{}") == 1);
  CHECK(stats_of(client).stored >= 1);
  plog_client_destroy(client);
}

static void a_retry_is_stored_once_and_a_different_one_is_reported(void) {
  plog_client* client = open_client();
  plog_error* taken = NULL;
  plog_client_stats_t stats;
  log_text(client, "{\"id\":\"order-1\",\"action_name\":\"a\"}");
  log_text(client, "{\"id\":\"order-1\",\"action_name\":\"a\"}");
  flush_client(client);
  CHECK_OK(plog_client_next_error(client, 0, &taken, &err));
  CHECK(taken == NULL);
  log_text(client, "{\"id\":\"order-1\",\"action_name\":\"b\"}");
  flush_client(client);
  CHECK(count_events(client, "{}") == 1);
  stats = stats_of(client);
  CHECK(stats.duplicates == 2);
  CHECK(stats.conflicts == 1);
  CHECK_OK(plog_client_next_error(client, 10000, &taken, &err));
  CHECK(taken != NULL);
  CHECK(strlen(plog_error_message(taken)) > 0);
  plog_error_destroy(taken);
  taken = NULL;
  CHECK_OK(plog_client_stats(client, &stats, &taken, &err));
  CHECK(stats.errors == 1);
  CHECK(taken != NULL);
  plog_error_destroy(taken);
  plog_client_destroy(client);
}

static void counters_tell_what_was_accepted_and_stored(void) {
  plog_client* client = open_client();
  plog_client_stats_t before, after;
  int i;
  flush_client(client);
  before = stats_of(client);
  for (i = 0; i < 250; ++i) log_text(client, "{\"action_input\":\"mail me at jane.doe@example.com\"}");
  flush_client(client);
  after = stats_of(client);
  CHECK(after.accepted - before.accepted == 250);
  CHECK(after.stored - before.stored >= 250);
  CHECK(after.redactions - before.redactions == 250);
  CHECK(after.queued_events == 0);
  CHECK(after.queued_bytes == 0);
  CHECK(after.dropped == 0 && after.gaps == 0 && after.errors == 0 && after.recovered == 0);
  plog_client_destroy(client);
}

static void a_closed_client_takes_no_more_events(void) {
  plog_client* client = open_client();
  plog_error* taken = POISON(plog_error);
  plog_buffer* out = POISON(plog_buffer);
  char id[37] = "old";
  log_text(client, "{}");
  CHECK_OK(plog_client_close(client, 30000, &err));
  CHECK_OK(plog_client_close(client, 30000, &err));
  CHECK_CALL(PLOG_E_CLOSED, plog_log_event(client, "{}", 2, id, &err));
  CHECK_TEXT("", id);
  CHECK_CALL(PLOG_E_CLOSED, plog_client_set_context(client, "k", 1, "v", 1, "{\"a\":1}", 7, &err));
  CHECK_CALL(PLOG_E_CLOSED, plog_client_next_error(client, 1000, &taken, &err));
  CHECK(taken == NULL);
  CHECK_CALL(PLOG_E_CLOSED, plog_client_checkpoint(client, 1000, NULL, &err));
  CHECK_CALL(PLOG_E_CLOSED, plog_client_rotate_key(client, 1000, NULL, &err));
  CHECK_CALL(PLOG_E_CLOSED, plog_client_acknowledge(client, "", 0, 1000, NULL, &err));
  CHECK_CALL(PLOG_E_CLOSED, plog_client_prove(client, "x", 1, NULL, 0, &out, &err));
  CHECK(out == NULL);
  CHECK_CALL(PLOG_E_CLOSED, plog_export(client, NULL, "/nonexistent/x.plog", NULL, &err));
  CHECK_CALL(PLOG_E_CLOSED, plog_backup(client, NULL, "/nonexistent/x.db", NULL, NULL, &err));
  CHECK(count_events(client, "{}") == 1);
  CHECK_OK(plog_client_key(client, &out, &err));
  plog_buffer_destroy(out);
  plog_client_destroy(client);

  client = open_client();
  CHECK(count_events(client, "{}") == 1);
  plog_client_destroy(client);
}

static void destroying_a_client_stores_what_it_recorded(void) {
  plog_client* client = open_client();
  log_text(client, "{}");
  log_text(client, "{}");
  plog_client_destroy(client);
  client = open_client();
  CHECK(count_events(client, "{}") == 2);
  plog_client_destroy(client);
}

static void waiting_for_an_error_that_does_not_come_ends_in_time(void) {
  plog_client* client = open_client();
  plog_error* taken = POISON(plog_error);
  CHECK_OK(plog_client_next_error(client, 20, &taken, &err));
  CHECK(taken == NULL);
  plog_client_destroy(client);
}

static void context_of_a_label_value_is_kept_and_replaced(void) {
  plog_client* client = open_client();
  plog_buffer* context = POISON(plog_buffer);
  CHECK_CALL(PLOG_E_NOT_FOUND, plog_client_get_context(client, "user", 4, "u1", 2, &context, &err));
  CHECK(context == NULL);
  CHECK_OK(plog_client_set_context(client, "user", 4, "u1", 2, "{\"plan\":\"free\"}", 15, &err));
  CHECK_OK(plog_client_set_context(client, "user", 4, "u1", 2, "{\"plan\":\"paid\", \"n\":1}", 22, &err));
  CHECK_OK(plog_client_get_context(client, "user", 4, "u1", 2, &context, &err));
  CHECK_TEXT("{\"n\":1,\"plan\":\"paid\"}", plog_buffer_data(context));
  plog_buffer_destroy(context);
  CHECK_CALL(PLOG_E_INVALID, plog_client_set_context(client, "user", 4, "u1", 2, "[1]", 3, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_set_context(client, "user", 4, NULL, 0, "{\"a\":1}", 7, &err));
  plog_client_destroy(client);
}

static void context_without_a_value_belongs_to_the_default_label(void) {
  plog_client_options options;
  plog_client* client = NULL;
  plog_buffer* context = NULL;
  plog_client_options_init(&options);
  options.db_path = "test.db";
  options.agent_id = "tester";
  options.labels_json = "{\"user\":\"u7\",\"team\":\"red\"}";
  options.context_json = "{\"team\":{\"floor\":3}}";
  CHECK_OK(plog_client_new(&options, &client, &err));
  CHECK_OK(plog_client_set_context(client, "user", 4, NULL, 0, "{\"plan\":\"free\"}", 15, &err));
  CHECK_OK(plog_client_get_context(client, "user", 4, "u7", 2, &context, &err));
  CHECK_TEXT("{\"plan\":\"free\"}", plog_buffer_data(context));
  plog_buffer_destroy(context);
  CHECK_OK(plog_client_get_context(client, "team", 4, "red", 3, &context, &err));
  CHECK_TEXT("{\"floor\":3}", plog_buffer_data(context));
  plog_buffer_destroy(context);
  plog_client_destroy(client);
}

static void several_clients_share_one_ledger(void) {
  plog_client* first = open_client();
  plog_client* second = open_client();
  log_text(first, "{}");
  log_text(second, "{}");
  CHECK(count_events(first, "{}") == 2);
  plog_client_destroy(first);
  log_text(second, "{}");
  CHECK(count_events(second, "{}") == 3);
  plog_client_destroy(second);
}

static void power_durability_and_every_policy_for_a_full_journal_record_events(void) {
  int32_t durability, on_full;
  size_t logged = 0;
  plog_client* client = NULL;
  for (durability = PLOG_DURABILITY_DEFAULT; durability <= PLOG_DURABILITY_POWER; ++durability) {
    for (on_full = PLOG_ON_FULL_DEFAULT; on_full <= PLOG_ON_FULL_RAISE; ++on_full) {
      plog_client_options options;
      plog_client_options_init(&options);
      options.db_path = "test.db";
      options.agent_id = "tester";
      options.durability = durability;
      options.on_full = on_full;
      options.batch_size = 1;
      options.flush_interval_ms = 1;
      options.block_timeout_ms = 1;
      options.journal_limit_bytes = 1 << 20;
      options.max_event_bytes = 4096;
      CHECK_OK(plog_client_new(&options, &client, &err));
      CHECK(plog_client_durability(client) ==
            (durability == PLOG_DURABILITY_DEFAULT ? PLOG_DURABILITY_PROCESS : durability));
      CHECK(plog_client_on_full(client) == (on_full == PLOG_ON_FULL_DEFAULT ? PLOG_ON_FULL_BLOCK : on_full));
      log_text(client, "{}");
      CHECK(count_events(client, "{}") == ++logged);
      plog_client_destroy(client);
    }
  }
}

static void an_event_over_the_limit_is_cut_and_counted(void) {
  plog_client_options options;
  plog_client* client = NULL;
  plog_client_stats_t stats;
  plog_buffer* event;
  static char json[20000];
  plog_client_options_init(&options);
  options.db_path = "test.db";
  options.agent_id = "tester";
  options.max_event_bytes = 4096;
  CHECK_OK(plog_client_new(&options, &client, &err));
  strcpy(json, "{\"id\":\"big\",\"action_output\":\"");
  memset(json + strlen(json), 'y', 10000);
  strcat(json, "\"}");
  log_text(client, json);
  event = get_event(client, "big");
  CHECK(plog_buffer_size(event) < 5000);
  CHECK_CONTAINS(plog_buffer_data(event), "\"truncated\":true");
  CHECK_CONTAINS(plog_buffer_data(event), "\"bytes\":10002");
  plog_buffer_destroy(event);
  stats = stats_of(client);
  CHECK(stats.truncated == 1);
  plog_client_destroy(client);
}

static void the_environment_names_the_ledger_unless_an_option_does(void) {
  plog_client* client = NULL;
  CHECK(setenv("PROVENLOG_DB_PATH", "from-environment.db", 1) == 0);
  CHECK_OK(plog_client_new(NULL, &client, &err));
  CHECK_CONTAINS(plog_client_db_path(client), "/from-environment.db");
  plog_client_destroy(client);
  client = open_client();
  CHECK_CONTAINS(plog_client_db_path(client), "/test.db");
  plog_client_destroy(client);
  unsetenv("PROVENLOG_DB_PATH");
}

static void a_broken_configuration_is_an_error_of_its_own(void) {
  plog_client* client = POISON(plog_client);
  CHECK(setenv("PROVENLOG_CONFIG", "no-such-file.yaml", 1) == 0);
  CHECK_CALL(PLOG_E_CONFIG, plog_client_new(NULL, &client, &err));
  CHECK(client == NULL);
  unsetenv("PROVENLOG_CONFIG");
}

const test_case client_tests[] = {
    {"without options the ledger is in the home directory and is private",
     without_options_the_ledger_lies_in_the_home_directory_and_is_private},
    {"defaults of the client are merged into events, whose own values win",
     defaults_of_the_client_are_merged_into_events_whose_own_values_win},
    {"options out of range are rejected", options_out_of_range_are_refused},
    {"a message names the option, its value and its range", a_message_names_the_option_its_value_and_its_range},
    {"a value of an option is checked as text", a_value_of_an_option_is_checked_as_text},
    {"salt can be switched on against the configuration", salt_can_be_switched_on_against_the_configuration},
    {"a ledger that cannot be created is reported as PLOG_E_IO",
     a_ledger_that_cannot_be_created_is_an_error_of_the_operating_system},
    {"an event is found by the id that was returned", an_event_is_found_by_the_id_that_was_returned},
    {"only input that is not an event is rejected", only_what_is_no_event_is_refused},
    {"a retry is stored once, and a retry with different content is reported",
     a_retry_is_stored_once_and_a_different_one_is_reported},
    {"counters report what was accepted and stored", counters_tell_what_was_accepted_and_stored},
    {"a closed client rejects further events and signs nothing", a_closed_client_takes_no_more_events},
    {"destroying a client stores what it recorded", destroying_a_client_stores_what_it_recorded},
    {"waiting for an error that does not occur ends at the deadline",
     waiting_for_an_error_that_does_not_come_ends_in_time},
    {"the context of a label value is stored and can be replaced", context_of_a_label_value_is_kept_and_replaced},
    {"a context without a value belongs to the default label", context_without_a_value_belongs_to_the_default_label},
    {"several clients share one ledger", several_clients_share_one_ledger},
    {"events are recorded with every durability and every policy for a full journal",
     power_durability_and_every_policy_for_a_full_journal_record_events},
    {"an event over the limit is truncated and counted", an_event_over_the_limit_is_cut_and_counted},
    {"the environment names the ledger, unless an option does", the_environment_names_the_ledger_unless_an_option_does},
    {"a broken configuration is reported as PLOG_E_CONFIG", a_broken_configuration_is_an_error_of_its_own},
    {NULL, NULL},
};
