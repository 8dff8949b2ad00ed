#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static void expect_text(const plog_redactor* redactor, const char* text, const char* expected, uint64_t hits) {
  plog_buffer* out = NULL;
  uint64_t count = 99;
  CHECK_OK(plog_redactor_redact(redactor, text, strlen(text), &out, &count, &err));
  CHECK_TEXT(expected, plog_buffer_data(out));
  CHECK(plog_buffer_size(out) == strlen(expected));
  CHECK(count == hits);
  plog_buffer_destroy(out);
}

static void built_in_patterns_hide_and_leave_the_rest_alone(void) {
  plog_redactor* redactor = NULL;
  plog_buffer* out = NULL;
  CHECK_OK(plog_redactor_new(NULL, 0, &redactor, &err));
  expect_text(redactor, "nothing to hide", "nothing to hide", 0);
  expect_text(redactor, "", "", 0);
  CHECK_OK(plog_redactor_redact(redactor, "to jane.doe@example.com.", 24, &out, NULL, &err));
  CHECK(strstr(plog_buffer_data(out), "jane") == NULL);
  CHECK_CONTAINS(plog_buffer_data(out), "to [REDACTED:");
  plog_buffer_destroy(out);
  plog_redactor_destroy(redactor);
}

static void rules_of_the_caller_are_added(void) {
  static const char rules[] =
      "[{\"name\":\"ticket\",\"pattern\":\"TICKET-[0-9]+\"},{\"name\":\"x\",\"pattern\":\"hush\",\"replace\":\"***\"}]";
  plog_redactor* redactor = NULL;
  CHECK_OK(plog_redactor_new(rules, strlen(rules), &redactor, &err));
  expect_text(redactor, "TICKET-12 hush TICKET-7", "[REDACTED:ticket] *** [REDACTED:ticket]", 3);
  plog_redactor_destroy(redactor);
}

static void strings_and_keys_of_json_are_redacted_and_come_out_canonical(void) {
  static const char rules[] = "[{\"name\":\"t\",\"pattern\":\"T-[0-9]+\"}]";
  static const char json[] = "{ \"b\": [\"see T-1\", 1.0, null], \"T-2\": {\"a\":\"x\\nT-3\"} }";
  plog_redactor* redactor = NULL;
  plog_buffer* out = NULL;
  uint64_t count = 0;
  CHECK_OK(plog_redactor_new(rules, strlen(rules), &redactor, &err));
  CHECK_OK(plog_redactor_redact_json(redactor, json, strlen(json), &out, &count, &err));
  CHECK_TEXT("{\"[REDACTED:t]\":{\"a\":\"x\\n[REDACTED:t]\"},\"b\":[\"see [REDACTED:t]\",1,null]}",
             plog_buffer_data(out));
  CHECK(count == 3);
  plog_buffer_destroy(out);
  out = POISON(plog_buffer);
  count = 7;
  CHECK_CALL(PLOG_E_INVALID, plog_redactor_redact_json(redactor, "{\"a\":", 5, &out, &count, &err));
  CHECK(out == NULL && count == 0);
  plog_redactor_destroy(redactor);
}

static void broken_rules_are_refused(void) {
  static const struct {
    const char* rules;
    plog_status status;
  } cases[] = {
      {"{}", PLOG_E_INVALID},
      {"[1]", PLOG_E_INVALID},
      {"[", PLOG_E_INVALID},
      {"[{\"name\":\"a\"}]", PLOG_E_CONFIG},
      {"[{\"name\":\"a\",\"pattern\":3}]", PLOG_E_INVALID},
      {"[{\"name\":\"a\",\"pattern\":\"x\",\"flags\":\"i\"}]", PLOG_E_INVALID},
      {"[{\"name\":\"a\",\"pattern\":\"(\"}]", PLOG_E_CONFIG},
      {"[{\"name\":\"a\",\"pattern\":\"x*\"}]", PLOG_E_CONFIG},
      {"[{\"name\":\"a b\",\"pattern\":\"x\"}]", PLOG_E_CONFIG},
  };
  size_t i;
  for (i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    plog_redactor* redactor = POISON(plog_redactor);
    CHECK_CALL(cases[i].status, plog_redactor_new(cases[i].rules, strlen(cases[i].rules), &redactor, &err));
    CHECK(redactor == NULL);
  }
}

static void text_that_is_no_utf8_is_repaired(void) {
  plog_redactor* redactor = NULL;
  CHECK_OK(plog_redactor_new(NULL, 0, &redactor, &err));
  expect_text(redactor,
              "a\xff"
              "b",
              "a\xef\xbf\xbd"
              "b",
              0);
  plog_redactor_destroy(redactor);
}

static void a_configured_redactor_has_the_rules_of_the_files(void) {
  plog_redactor* redactor = NULL;
  static const char rules[] = "[{\"name\":\"mine\",\"pattern\":\"M-[0-9]+\"}]";
  FILE* file = fopen("config.yaml", "w");
  CHECK(file != NULL);
  fputs("redaction:\n  rules:\n    - name: project\n      pattern: 'Bluebird'\n", file);
  CHECK(fclose(file) == 0);
  CHECK(setenv("PROVENLOG_CONFIG", "config.yaml", 1) == 0);
  CHECK_OK(plog_redactor_new_configured(rules, strlen(rules), &redactor, &err));
  expect_text(redactor, "Bluebird M-3", "[REDACTED:project] [REDACTED:mine]", 2);
  plog_redactor_destroy(redactor);
  CHECK_OK(plog_redactor_new(rules, strlen(rules), &redactor, &err));
  expect_text(redactor, "Bluebird M-3", "Bluebird [REDACTED:mine]", 1);
  plog_redactor_destroy(redactor);
  CHECK(remove("config.yaml") == 0);
  redactor = POISON(plog_redactor);
  CHECK_CALL(PLOG_E_CONFIG, plog_redactor_new_configured(NULL, 0, &redactor, &err));
  CHECK(redactor == NULL);
  unsetenv("PROVENLOG_CONFIG");
}

static void options_choose_what_is_hidden_and_how(void) {
  static const char options[] =
      "{\"profile\":\"pii\",\"disable\":[\"phone\"],\"allow\":{\"values\":[\"me@example.com\"]},\"keep_last\":{"
      "\"visa\":4},"
      "\"rules\":[{\"name\":\"t\",\"pattern\":\"T-[0-9]+\"}]}";
  static const char* wrong[] = {"[]", "{\"profile\":\"all\"}", "{\"x\":1}", "{\"keep_last\":{\"visa\":9}}",
                                "{\"allow\":{\"values\":[1]}}"};
  plog_redactor* redactor = NULL;
  size_t i;
  CHECK_OK(plog_redactor_new_with(options, strlen(options), 0, &redactor, &err));
  expect_text(redactor, "4111111111111111 555-123-4567 me@example.com you@example.com T-1",
              "[REDACTED:visa:****1111] 555-123-4567 me@example.com [REDACTED:email] [REDACTED:t]", 3);
  plog_redactor_destroy(redactor);
  CHECK_OK(plog_redactor_new_with(NULL, 0, 0, &redactor, &err));
  expect_text(redactor, "you@example.com", "[REDACTED:email]", 1);
  plog_redactor_destroy(redactor);
  for (i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
    redactor = POISON(plog_redactor);
    CHECK_CALL(PLOG_E_INVALID, plog_redactor_new_with(wrong[i], strlen(wrong[i]), 0, &redactor, &err));
    CHECK(redactor == NULL);
  }
  CHECK_CALL(PLOG_E_CONFIG, plog_redactor_new_with("{\"disable\":[\"no-such\"]}", 23, 0, &redactor, &err));
}

static void findings_are_places_and_never_values(void) {
  static const char text[] = "\xc3\xa9 me@example.com, 10.0.0.1";
  plog_redactor* redactor = NULL;
  plog_buffer* out = NULL;
  CHECK_OK(plog_redactor_new(NULL, 0, &redactor, &err));
  CHECK_OK(plog_redactor_findings(redactor, text, strlen(text), &out, &err));
  CHECK_TEXT("[{\"end\":17,\"name\":\"email\",\"start\":3},{\"end\":27,\"name\":\"ipv4\",\"start\":19}]",
             plog_buffer_data(out));
  plog_buffer_destroy(out);
  CHECK_OK(plog_redactor_findings(redactor, "nothing", 7, &out, &err));
  CHECK_TEXT("[]", plog_buffer_data(out));
  plog_buffer_destroy(out);
  out = POISON(plog_buffer);
  CHECK_CALL(PLOG_E_INVALID, plog_redactor_findings(redactor, "\xff", 1, &out, &err));
  CHECK(out == NULL);
  plog_redactor_destroy(redactor);
}

static void the_detectors_are_listed(void) {
  plog_buffer* out = NULL;
  CHECK_OK(plog_redactor_detectors(&out, &err));
  CHECK_CONTAINS(plog_buffer_data(out), "\"name\":\"github_token\"");
  CHECK_CONTAINS(plog_buffer_data(out), "\"name\":\"password\"");
  plog_buffer_destroy(out);
}

const test_case redactor_tests[] = {
    {"options choose what is hidden and how", options_choose_what_is_hidden_and_how},
    {"findings contain offsets, never values", findings_are_places_and_never_values},
    {"the detectors are listed", the_detectors_are_listed},
    {"built-in patterns hide matches and leave the rest unchanged", built_in_patterns_hide_and_leave_the_rest_alone},
    {"the caller's rules are added", rules_of_the_caller_are_added},
    {"strings and keys of JSON are redacted, and the result is canonical",
     strings_and_keys_of_json_are_redacted_and_come_out_canonical},
    {"invalid rules are rejected", broken_rules_are_refused},
    {"text that is not valid UTF-8 is repaired", text_that_is_no_utf8_is_repaired},
    {"a configured redactor has the rules of the configuration files",
     a_configured_redactor_has_the_rules_of_the_files},
    {NULL, NULL},
};
