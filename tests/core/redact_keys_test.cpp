// Tests the rules for the names of values, in text of many notations and for the keys of an event.
#include "redact/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redact/redactor.h"

namespace plog::redact {
namespace {

std::string redacted(std::string_view text, Profile profile = Profile::kDefault) {
  Options options;
  options.profile = profile;
  std::string out(text);
  Redactor::make(options)->redact(text, out);
  return out;
}

TEST(Keys, AreSecretByTheirWholeWordsInEveryCase) {
  for (const char* key : {"password",
                          "PASSWORD",
                          "dbPassword",
                          "db_password",
                          "DB-PASSWORD",
                          "user.password",
                          "password2",
                          "passwd",
                          "smtp_pass",
                          "api_key",
                          "apiKey",
                          "APIKey",
                          "x-api-key",
                          "API Key",
                          "stripeApiKey",
                          "client_secret",
                          "clientSecret",
                          "access_token",
                          "accessToken",
                          "refresh-token",
                          "authToken",
                          "authorization",
                          "Proxy-Authorization",
                          "cookie",
                          "Set-Cookie",
                          "private_key",
                          "privateKey",
                          "credentials",
                          "secret_access_key",
                          "AccountKey",
                          "password_confirmation",
                          "csrf_token",
                          "connectionString",
                          "seed_phrase",
                          "api_keys",
                          "secrets",
                          "ssh_key",
                          "APP_SECRET"}) {
    EXPECT_EQ(key_rule(key).kind, KeyKind::kSecret) << key;
  }
}

TEST(Keys, AreNoSecretForASingleWordInside) {
  for (const char* key : {"max_tokens",
                          "token_count",
                          "tokens",
                          "maxTokens",
                          "promptTokens",
                          "input_cost_per_token",
                          "next_page_token",
                          "token_type",
                          "tokenizer",
                          "password_policy",
                          "passwordLength",
                          "secretary",
                          "secret_name",
                          "keyboard",
                          "key",
                          "primary_key",
                          "public_key",
                          "cache_key",
                          "idempotency_key",
                          "author",
                          "authority",
                          "auth_type",
                          "compass",
                          "passenger",
                          "cookie_name",
                          "cookie_policy",
                          "api_key_id",
                          "authorization_url",
                          "monkey",
                          "turkey",
                          "stop_token",
                          "completion_tokens_details",
                          "",
                          "_",
                          "a",
                          "eos_token",
                          "prompt_cache_key",
                          "sort_key",
                          "bypass",
                          "passed"}) {
    EXPECT_EQ(key_rule(key).kind, KeyKind::kNone) << key;
  }
}

TEST(Keys, AreNotNamedByTheMarkersInThem) {
  const auto redactor = Redactor::make({});
  EXPECT_EQ(redactor->key_rule("[REDACTED:password]"), 0U);
  EXPECT_EQ(redactor->key_rule("{\"x\": \"[REDACTED:api_key]"), 0U);
  EXPECT_NE(redactor->key_rule("[REDACTED:email] password"), 0U);
  EXPECT_NE(redactor->key_rule("password [REDACTED:visa:****1111]"), 0U);
  EXPECT_NE(redactor->key_rule("[REDACTED:no such] password"), 0U);
}

TEST(Keys, NameNumbersOfPeople) {
  for (const char* key :
       {"card_number", "cardNumber", "creditCard", "credit_card_number", "ccnum", "cc_number", "pan"}) {
    EXPECT_EQ(key_rule(key).kind, KeyKind::kCard) << key;
  }
  for (const char* key : {"ssn", "SSN", "social_security_number", "socialSecurityNumber", "user_ssn"}) {
    EXPECT_EQ(key_rule(key).kind, KeyKind::kSsn) << key;
  }
  for (const char* key : {"account_number", "accountNumber", "bank_account", "acct_no", "bankAccountNumber"}) {
    EXPECT_EQ(key_rule(key).kind, KeyKind::kAccount) << key;
  }
  for (const char* key : {"account", "account_id", "number", "cardinality", "discard", "span", "card_count"}) {
    EXPECT_EQ(key_rule(key).kind, KeyKind::kNone) << key;
  }
}

TEST(Assigned, ValuesAreHiddenInEveryNotation) {
  const std::string s = "Zk7pQ2xV9mB4tR8w";
  const std::string hidden = "[REDACTED:api_key]";
  for (const char* frame : {"api_key=#",
                            "API_KEY = '#'",
                            "api_key: #",
                            "apiKey: \"#\",",
                            "\"api_key\":\"#\"",
                            "'api_key' : '#'",
                            "export MY_API_KEY=#",
                            "api_key := \"#\"",
                            "api_key => '#'",
                            "<apiKey>#</apiKey>",
                            "--api-key #",
                            "--api-key=#",
                            "?api_key=#&x=1",
                            "os.environ[\"API_KEY\"] = \"#\"",
                            "setProperty(\"api_key\", \"#\")",
                            "api_key: str = \"#\"",
                            "{\\\"api_key\\\": \\\"#\\\"}",
                            "{\\\\\\\"api_key\\\\\\\":\\\\\\\"#\\\\\\\"}",
                            "log\\napi_key=#\\nmore",
                            "API Key: #",
                            "{\"name\": \"API_KEY\", \"value\": \"#\"}",
                            "<add key=\"api_key\" value=\"#\"/>",
                            "api_key ?= #",
                            "String apiKey = \"#\";",
                            "const apiKey = `#`;",
                            "[section]\napi_key=#\n",
                            "X-Api-Key: #"}) {
    const std::string text = frame;
    const std::size_t at = text.find('#');
    EXPECT_EQ(redacted(text.substr(0, at) + s + text.substr(at + 1)),
              text.substr(0, at) + hidden + text.substr(at + 1));
  }
}

TEST(Assigned, PasswordsMayBeShorter) {
  EXPECT_EQ(redacted("password=hunter2!"), "password=[REDACTED:password]");
  EXPECT_EQ(redacted("DB_PASS: 's3cret'"), "DB_PASS: '[REDACTED:password]'");
  EXPECT_EQ(redacted("password: Tr0ub4dor&3"), "password: [REDACTED:password]");
  EXPECT_EQ(redacted("/?password=Tr0ub4dor&n=3"), "/?password=[REDACTED:password]&n=3");
  EXPECT_EQ(redacted("my password is hunter2!xY"), "my password is [REDACTED:password]");
  EXPECT_EQ(redacted("ENV DB_PASSWORD hunter2!xY"), "ENV DB_PASSWORD [REDACTED:password]");
  EXPECT_EQ(redacted("tool set db_password hunter2!xY"), "tool set db_password [REDACTED:password]");
  EXPECT_EQ(redacted("reset password hunter2!xY"), "reset password hunter2!xY");
  EXPECT_EQ(redacted("{\"password\": \"x\"}"), "{\"password\": \"[REDACTED:password]\"}");
}

TEST(Assigned, HeadersLoseTheirCredentials) {
  EXPECT_EQ(redacted("Authorization: Basic dXNlcjpwYXNz\nHost: x"),
            "Authorization: Basic [REDACTED:authorization]\nHost: x");
  EXPECT_EQ(redacted("Cookie: sid=abc123def; theme=dark\nHost: x"), "Cookie: [REDACTED:cookie]\nHost: x");
  EXPECT_EQ(redacted("-H 'Set-Cookie: sid=abc123def; Path=/'"), "-H 'Set-Cookie: [REDACTED:cookie]'");
}

TEST(Assigned, WordsPlaceholdersAndCodeAreNoSecrets) {
  for (const char* text : {"password = os.environ[\"PASSWORD\"]",
                           "password: ${DB_PASSWORD}",
                           "api_key = \"your-api-key\"",
                           "api_key: <your key>",
                           "token = get_token()",
                           "token: string",
                           "password: required",
                           "The password: must be long.",
                           "secret = settings.SECRET_KEY",
                           "apiKey: process.env.API_KEY",
                           "api_key=xxxxxxxxxxxxxxxx",
                           "token=null",
                           "Token: Hello",
                           "max_tokens=4096",
                           "\"token\": \"Hello\"",
                           "password := flag.String(\"p\", 1)",
                           "the password is required",
                           "a token is what a model reads",
                           "access_token_url = https://example.com/token",
                           "secret_name: my-app-database-secret",
                           "api_key_name = \"X-Api-Key-Header\"",
                           "key = 4f2b8c1d9e7a6f5b4f2b8c1d9e7a6f5b",
                           "commit: 9fceb02d0ae598e95dc970b74767f19372d61af8",
                           "\"api_key\": \"${KEY}\"",
                           "cookie: yes",
                           "Authorization: required",
                           "authorization: none of the above"}) {
    EXPECT_EQ(redacted(text), text);
  }
}

TEST(Assigned, NumbersAreHiddenWhereTheNameSaysWhatTheyAre) {
  EXPECT_EQ(redacted("\"ssn\": 123456789"), "\"ssn\": [REDACTED:ssn]");
  EXPECT_EQ(redacted("account_number=12345678"), "account_number=[REDACTED:account_number]");
  EXPECT_EQ(redacted("order_number=12345678"), "order_number=12345678");
  EXPECT_EQ(redacted("\"cvv\": \"123\""), "\"cvv\": \"[REDACTED:card_code]\"");
}

TEST(Assigned, StrictHidesMore) {
  EXPECT_EQ(redacted("password = \"correct horse\""), "password = \"correct horse\"");
  EXPECT_EQ(redacted("password = \"correct horse\"", Profile::kStrict), "password = \"[REDACTED:password]\"");
}

TEST(Assigned, ProfilesOfOneCategoryLeaveTheOtherAlone) {
  EXPECT_EQ(redacted("{\"password\": \"x1\", \"ssn\": 123456789}", Profile::kPii),
            "{\"password\": \"x1\", \"ssn\": [REDACTED:ssn]}");
  EXPECT_EQ(redacted("{\"password\": \"x1\", \"ssn\": 123456789}", Profile::kSecrets),
            "{\"password\": \"[REDACTED:password]\", \"ssn\": 123456789}");
}

}  // namespace
}  // namespace plog::redact
