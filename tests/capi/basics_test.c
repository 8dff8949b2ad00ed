#include <ctype.h>
#include <string.h>

#include "check.h"

static void the_library_has_the_abi_number_and_a_version_of_three_numbers(void) {
  const char* version = plog_version();
  int dots = 0;
  CHECK(plog_abi_version() == PLOG_ABI_VERSION);
  CHECK(isdigit((unsigned char)version[0]));
  for (; isdigit((unsigned char)*version) || *version == '.'; ++version) dots += *version == '.';
  CHECK(dots == 2);
}

static void each_status_has_its_name(void) {
  static const char* const names[] = {
      "PLOG_OK",          "PLOG_E_INVALID",  "PLOG_E_CONFIG",      "PLOG_E_NOT_FOUND",
      "PLOG_E_IO",        "PLOG_E_FULL",     "PLOG_E_TIMEOUT",     "PLOG_E_CLOSED",
      "PLOG_E_BUSY",      "PLOG_E_CORRUPT",  "PLOG_E_UNSUPPORTED", "PLOG_E_CANCELLED",
      "PLOG_E_NO_MEMORY", "PLOG_E_INTERNAL",
  };
  int32_t status;
  for (status = 0; status < (int32_t)(sizeof names / sizeof names[0]); ++status) {
    CHECK_TEXT(names[status], plog_status_name(status));
  }
  CHECK_TEXT("PLOG_E_UNKNOWN", plog_status_name(14));
  CHECK_TEXT("PLOG_E_UNKNOWN", plog_status_name(-1));
  CHECK_TEXT("PLOG_E_UNKNOWN", plog_status_name(INT32_MAX));
}

static void status_numbers_never_change(void) {
  CHECK(PLOG_OK == 0 && PLOG_E_INVALID == 1 && PLOG_E_CONFIG == 2 && PLOG_E_NOT_FOUND == 3 && PLOG_E_IO == 4);
  CHECK(PLOG_E_FULL == 5 && PLOG_E_TIMEOUT == 6 && PLOG_E_CLOSED == 7 && PLOG_E_BUSY == 8 && PLOG_E_CORRUPT == 9);
  CHECK(PLOG_E_UNSUPPORTED == 10 && PLOG_E_CANCELLED == 11 && PLOG_E_NO_MEMORY == 12 && PLOG_E_INTERNAL == 13);
  CHECK(PLOG_DURABILITY_DEFAULT == 0 && PLOG_DURABILITY_PROCESS == 1 && PLOG_DURABILITY_POWER == 2);
  CHECK(PLOG_ON_FULL_DEFAULT == 0 && PLOG_ON_FULL_BLOCK == 1 && PLOG_ON_FULL_DROP == 2 && PLOG_ON_FULL_RAISE == 3);
  CHECK(PLOG_SWITCH_DEFAULT == 0 && PLOG_SWITCH_ON == 1 && PLOG_SWITCH_OFF == 2);
}

static void an_error_has_the_status_of_the_call_and_a_message(void) {
  plog_error* err = NULL;
  plog_redactor* redactor = NULL;
  CHECK(plog_redactor_new("[]x", 3, &redactor, &err) == PLOG_E_INVALID);
  CHECK(err != NULL);
  CHECK(plog_error_status(err) == PLOG_E_INVALID);
  CHECK(strlen(plog_error_message(err)) > 0);
  CHECK(strchr(plog_error_message(err), '\n') == NULL);
  plog_error_destroy(err);
}

static void a_failure_without_a_place_for_the_error_is_still_a_status(void) {
  plog_redactor* redactor = POISON(plog_redactor);
  CHECK(plog_redactor_new("[]x", 3, &redactor, NULL) == PLOG_E_INVALID);
  CHECK(redactor == NULL);
}

static void a_success_leaves_the_place_for_the_error_alone(void) {
  plog_error* err = POISON(plog_error);
  plog_redactor* redactor = NULL;
  CHECK(plog_redactor_new(NULL, 0, &redactor, &err) == PLOG_OK);
  CHECK(err == POISON(plog_error));
  plog_redactor_destroy(redactor);
}

static void every_verdict_has_an_exit_code_of_its_own(void) {
  static const char* const verdicts[] = {"OK",        "OK_WITH_TAIL", "RECOVERED",  "ERASED",      "PRUNED",
                                         "STALE",     "UNVERIFIABLE", "CANNOT_RUN", "MISSING_LOG", "ROLLED_BACK",
                                         "TRUNCATED", "FORKED",       "TAMPERED"};
  static const int32_t codes[] = {0, 10, 11, 12, 13, 21, 20, 22, 23, 30, 31, 32, 33};
  size_t i;
  for (i = 0; i < sizeof codes / sizeof codes[0]; ++i) CHECK(plog_verdict_exit_code(verdicts[i]) == codes[i]);
  CHECK(plog_verdict_exit_code("ok") == 2);
  CHECK(plog_verdict_exit_code("") == 2);
  CHECK(plog_verdict_exit_code(NULL) == 2);
}

static void init_functions_clear_the_struct_and_set_its_size(void) {
  plog_client_options client;
  plog_verify_options verify;
  plog_client_options zero_client;
  plog_verify_options zero_verify;
  memset(&client, 0xAA, sizeof client);
  memset(&verify, 0xAA, sizeof verify);
  plog_client_options_init(&client);
  plog_verify_options_init(&verify);
  CHECK(client.struct_size == sizeof client);
  CHECK(verify.struct_size == sizeof verify);
  client.struct_size = 0;
  verify.struct_size = 0;
  memset(&zero_client, 0, sizeof zero_client);
  memset(&zero_verify, 0, sizeof zero_verify);
  CHECK(memcmp(&client, &zero_client, sizeof client) == 0);
  CHECK(memcmp(&verify, &zero_verify, sizeof verify) == 0);
}

const test_case basics_tests[] = {
    {"the library has the expected ABI number and a version of three numbers",
     the_library_has_the_abi_number_and_a_version_of_three_numbers},
    {"each status has its name", each_status_has_its_name},
    {"status numbers never change", status_numbers_never_change},
    {"an error has the status of the call and a message", an_error_has_the_status_of_the_call_and_a_message},
    {"a failure returns its status even without an error pointer",
     a_failure_without_a_place_for_the_error_is_still_a_status},
    {"a success does not touch the error pointer", a_success_leaves_the_place_for_the_error_alone},
    {"every verdict has an exit code of its own", every_verdict_has_an_exit_code_of_its_own},
    {"the _init functions clear the struct and set struct_size", init_functions_clear_the_struct_and_set_its_size},
    {NULL, NULL},
};
