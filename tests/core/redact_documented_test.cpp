// Tests what each built-in pattern hides and what it leaves unchanged.
#include "redact/detectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "redact/redactor.h"

namespace plog::redact {
namespace {

// Joins the parts of a secret. Source code scanners would report whole secrets in test data as leaked.
std::string join(std::string_view a, std::string_view b) { return std::string(a).append(b); }

std::string redacted(std::string_view text) {
  static const std::shared_ptr<const Redactor>* const redactor =
      new std::shared_ptr<const Redactor>(Redactor::make({}));
  std::string out(text);
  (*redactor)->redact(text, out);
  return out;
}

struct Case {
  std::string text;
  std::string expected;
};

void expect_all(std::initializer_list<Case> cases) {
  for (const Case& c : cases) EXPECT_EQ(redacted(c.text), c.expected) << c.text;
}

void expect_unchanged(std::initializer_list<std::string> texts) {
  for (const std::string& text : texts) EXPECT_EQ(redacted(text), text);
}

TEST(Builtin, HasTheDocumentedNames) {
  std::set<std::string> names;
  for (const Detector& detector : detectors()) {
    if (detector.in(Profile::kDefault)) names.insert(detector.name);
  }
  for (const char* name : {"email", "aws_key", "github_token", "api_key", "bearer_token", "jwt", "ssn", "sin", "nino",
                           "visa", "mastercard", "amex", "discover", "iban", "phone", "ipv4"}) {
    EXPECT_EQ(names.count(name), 1U) << name;
  }
}

TEST(Builtin, CountsTheHitsOfTheDocumentationsExample) {
  std::string out;
  EXPECT_EQ(Redactor::make({})->redact("Write to jane@example.com or call 555-123-4567", out), 2U);
  EXPECT_EQ(out, "Write to [REDACTED:email] or call [REDACTED:phone]");
}

TEST(Builtin, HidesEmailAddresses) {
  expect_all({
      {"jane.doe+tag@mail.example.co.uk", "[REDACTED:email]"},
      {"<jane@example.com>, bob@example.org.", "<[REDACTED:email]>, [REDACTED:email]."},
      {"mailto:jane@example.com?subject=x", "mailto:[REDACTED:email]?subject=x"},
      {"user=jane@example.com&x=1", "user=[REDACTED:email]&x=1"},
      {"ren\u00e9@example.com", "[REDACTED:email]"},
      {"o'neil@xn--bcher-kva.example", "[REDACTED:email]"},
      {"jane@b\u00fccher.de", "[REDACTED:email]"},
      {"\u8bf7\u8054\u7cfbjane@example.com\u8c22\u8c22", "\u8bf7\u8054\u7cfb[REDACTED:email]\u8c22\u8c22"},
      {"a@b.png@example.com", "a@[REDACTED:email]"},
  });
  expect_unchanged({"@app.route('/')", "user@localhost", "pkg@1.2.3", "logo@2x.png", "@scope/name", "x @ y.z", "a@b.c",
                    "icon@3x.SVG"});
}

TEST(Builtin, HidesAwsKeys) {
  expect_all({
      {join("AKIA", "IOSFODNN7EXAMPLE"), "[REDACTED:aws_key]"},
      {join("key=ASIA", "IOSFODNN7EXAMPLE;"), "key=[REDACTED:aws_key];"},
      {join("\"ABIA", "IOSFODNN7EXAMPLE\""), "\"[REDACTED:aws_key]\""},
      {join("ACCA", "IOSFODNN7EXAMPLE"), "[REDACTED:aws_key]"},
      {join("A3TX", "IOSFODNN7EXAMPLE"), "[REDACTED:aws_key]"},
  });
  expect_unchanged({join("AKIA", "IOSFODNN7EXAMPL"), join("AKIA", "IOSFODNN7EXAMPLES"),
                    join("XAKIA", "IOSFODNN7EXAMPLE"), join("akia", "iosfodnn7example"), "AKIA is a prefix"});
}

TEST(Builtin, HidesGithubTokens) {
  const std::string body = "16C7e42F292c6912E7710c838347Ae178B4a";
  for (const char* prefix : {"ghp_", "gho_", "ghu_", "ghs_", "ghr_"}) {
    EXPECT_EQ(redacted(prefix + body), "[REDACTED:github_token]");
  }
  expect_all({{join("github_pat_", "11ABCDEFG0123456789abc_") + body, "[REDACTED:github_token]"},
              {join("https://x:ghp_", body) + "@github", "https://x:[REDACTED:github_token]@github"}});
  expect_unchanged({"ghp_short", "highp_" + body, "gha_" + body, "github_pat_short", "ghp_" + std::string(19, 'a')});
}

TEST(Builtin, HidesApiKeys) {
  expect_all({
      {join("sk-", "abcdefghijklmnopqrstuvwxyz"), "[REDACTED:api_key]"},
      {join("sk-proj-", "Ab12_Cd34-Ef56Gh78Ij90Kl12Mn34"), "[REDACTED:api_key]"},
      {join("sk-ant-api03-", "R2D2c3poR2D2c3poR2D2c3po-AA"), "[REDACTED:anthropic_api_key]"},
      {join("sk_live_", "4eC39HqLyjWDarjtT1zdp7dc"), "[REDACTED:stripe_key]"},
      {join("pk_test_", "TYooMQauvdEDq54NiTphI7jx"), "[REDACTED:api_key]"},
      {join("OPENAI_API_KEY=pk-", "0123456789abcdef"), "OPENAI_API_KEY=[REDACTED:api_key]"},
      {join("rk_live_", "4eC39HqLyjWDarjtT1zdp7dc"), "[REDACTED:stripe_key]"},
  });
  expect_unchanged({"sk-toggleable__label-arrow", "sk-container-id-1", "risk-0123456789abcdef0123", "sk-short1",
                    "task_0123456789abcdefghijkl", "sk-estimator-doc-link-fitted", "sk_ASN1_GENERALSTRING_new_null",
                    "sk_CMS_RecipientEncryptedKey_free"});
}

TEST(Builtin, HidesBearerTokensButNotTheWord) {
  expect_all({
      {"Authorization: Bearer abcdef123456", "Authorization: Bearer [REDACTED:bearer_token]"},
      {"bearer mF_9.B5f-4.1JqM", "bearer [REDACTED:bearer_token]"},
      {"BEARER AbCdEfGhIjKlMnOp.", "BEARER [REDACTED:bearer_token]."},
      {"{\"h\":\"Bearer  dGhlIHRva2VuMQ==\"}", "{\"h\":\"Bearer  [REDACTED:bearer_token]\"}"},
  });
  expect_unchanged({"the bearer of bad news", "Bearer authentication", "bearer responsibilities", "Bearer <token>",
                    "Bearer $TOKEN_0001", "forbearer abcdef123456", "Bearer abc12"});
}

TEST(Builtin, HidesJsonWebTokens) {
  // RFC 7515, appendix A.1, without line breaks.
  const std::string token = join(
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  expect_all({{token, "[REDACTED:jwt]"},
              {"?t=" + token + "&x", "?t=[REDACTED:jwt]&x"},
              {"Bearer " + token, "Bearer [REDACTED:jwt]"},
              {"eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UifQ. end", "[REDACTED:jwt] end"}});
  expect_unchanged(
      {"eyJhbGciOiJub25lIn0", "eyJhbGciOiJub25lIn0.abc.def", "eyJ.eyJ.x", "xyJhbGciOiJub25lIn0.eyJpc3MiOi.x"});
}

TEST(Builtin, HidesUsSocialSecurityNumbers) {
  expect_all({{"078-05-1120", "[REDACTED:ssn]"},
              {"(123-45-6789).", "([REDACTED:ssn])."},
              {"SSN 123456789", "SSN [REDACTED:ssn]"},
              {"social security number: 123 45 6789", "social security number: [REDACTED:ssn]"}});
  expect_unchanged({"000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "123-45-67890",
                    "1123-45-6789", "123-45-6789-1", "0.123-45-6789", "123456789", "100 20 3000", "2024-05-0112"});
}

TEST(Builtin, HidesCanadianSocialInsuranceNumbers) {
  expect_all({{"046 454 286", "[REDACTED:sin]"},
              {"130-692-544", "[REDACTED:sin]"},
              {"SIN: 046454286", "SIN: [REDACTED:sin]"}});
  expect_unchanged(
      {"046 454 287", "046-454 286", "046454286", "1 046 454 286", "046-454-286-1", "000-000-000", "since 046454286"});
}

TEST(Builtin, HidesUkNationalInsuranceNumbers) {
  expect_all({{"AB123456C", "[REDACTED:nino]"},
              {"NI: AB 12 34 56 C.", "NI: [REDACTED:nino]."},
              {"JG-12-34-56-A", "[REDACTED:nino]"}});
  expect_unchanged(
      {"BG123456C", "AO123456C", "DA123456C", "AB123456E", "AB1234567C", "XAB123456C", "ab123456c", "AB12345C"});
}

TEST(Builtin, HidesCards) {
  expect_all({
      {"4111111111111111", "[REDACTED:visa]"},
      {"4012 8888 8888 1881", "[REDACTED:visa]"},
      {"4222222222222", "[REDACTED:visa]"},
      {"4111-1111-1111-1111 123", "[REDACTED:visa] 123"},
      {"4111111111111111/12/29", "[REDACTED:visa]/12/29"},
      {"4111111111111111,5555555555554444", "[REDACTED:visa],[REDACTED:mastercard]"},
      {"5105105105105100", "[REDACTED:mastercard]"},
      {"2223 0031 2200 3222", "[REDACTED:mastercard]"},
      {"5200-8282-8282-8210", "[REDACTED:mastercard]"},
      {"378282246310005", "[REDACTED:amex]"},
      {"3714 496353 98431", "[REDACTED:amex]"},
      {"3700-000000-00002", "[REDACTED:amex]"},
      {"6011111111111117", "[REDACTED:discover]"},
      {"6011 0009 9013 9424", "[REDACTED:discover]"},
      {"6510000000000034", "[REDACTED:discover]"},
      {"\u756a\u53f74111111111111111\u3067\u3059", "\u756a\u53f7[REDACTED:visa]\u3067\u3059"},
  });
  expect_unchanged({"4111111111111112", "41111111111111111", "x4111111111111111", "4111111111111111_",
                    "0.4111111111111111", "4111111111111111.5", "2220000000000008", "2721000000000004",
                    "5555555555554445", "5655555555554440", "1555555555554444", "378282246310006", "388282246310004",
                    "3782822463100050", "6011111111111118", "6111111111111116", "60111111111111170",
                    "4111 1111 11111 111"});
}

TEST(Builtin, HidesIbans) {
  expect_all({{"DE89370400440532013000", "[REDACTED:iban]"},
              {"GB29 NWBK 6016 1331 9268 19 AND MORE", "[REDACTED:iban] AND MORE"},
              {"IBAN:FR14 2004 1010 0505 0001 3M02 606.", "IBAN:[REDACTED:iban]."},
              {"NO9386011117947", "[REDACTED:iban]"},
              {"CH93-0076-2011-6238-5295-7", "[REDACTED:iban]"}});
  expect_unchanged({"DE88370400440532013000", "DE8937040044053201300", "DE893704004405320130001",
                    "ZZ89370400440532013000", "XDE89370400440532013000", "DE8937040044053201300O"});
}

TEST(Builtin, HidesInternationalPhoneNumbers) {
  expect_all({{"+14155552671", "[REDACTED:phone]"},
              {"+442079460958", "[REDACTED:phone]"},
              {"call +44 20 7946 0958, please", "call [REDACTED:phone], please"},
              {"+1 (415) 555-2671", "[REDACTED:phone]"},
              {"tel:+49-89-636-48018", "tel:[REDACTED:phone]"},
              {"+33 1.42.68.53.00", "[REDACTED:phone]"},
              {"+1 415 555 2671 2024", "[REDACTED:phone] 2024"}});
  expect_unchanged({"+1234567", "x+442079460958", "+1.23456789", "+1700000000", "+2101234567890", "+012345678901",
                    "2024-01-15T10:30:00+01:00", "+12345678901234567890", "a++4420794609"});
}

TEST(Builtin, HidesNorthAmericanPhoneNumbers) {
  expect_all({{"555-123-4567", "[REDACTED:phone]"},
              {"(415) 555-2671", "[REDACTED:phone]"},
              {"(415)555-2671", "[REDACTED:phone]"},
              {"415.555.2671", "[REDACTED:phone]"},
              {"415 555 2671", "[REDACTED:phone]"},
              {"415 555-2671", "[REDACTED:phone]"},
              {"1-800-555-0199", "[REDACTED:phone]"}});
  expect_unchanged({"5551234567", "155-123-4567", "555-1234-567", "555-123-45678", "9-555-123-4567", "555-123-4567-8",
                    "555-123.4567", "555-1234", "12555-123-4567", "555-123-4567.89", "1 555 123 4567 8"});
}

TEST(Builtin, HidesIpv4Addresses) {
  expect_all({{"192.168.1.1", "[REDACTED:ipv4]"},
              {"http://10.0.0.1:8080/x", "http://[REDACTED:ipv4]:8080/x"},
              {"10.0.0.0/8, 8.8.8.8.", "[REDACTED:ipv4]/8, [REDACTED:ipv4]."},
              {"10.0.0.1-10.0.0.9", "[REDACTED:ipv4]-[REDACTED:ipv4]"}});
  expect_unchanged({"256.1.1.1", "1.2.3", "1.2.3.4.5", "v1.2.3.4", "Chrome/120.0.0.0", "version 1.2.3.4",
                    "\"version\": \"1.2.3.4\"", "1.02.3.4", "1.2.3.4a", "1.2.3.1000"});
}

TEST(Builtin, LeavesEverydayNumbersAndNamesAlone) {
  expect_unchanged({
      "d670460b4b4aece5915caf5c68d12f560a9fe3e4",
      "1234567890123456789012345678901234567890",
      "4b825dc",
      "550e8400-e29b-41d4-a716-446655440000",
      "12345678-1234-4123-8123-123456789012",
      "4111111a-1111-4111-8111-111111111111",
      "2026-02-17T00:00:00.000000Z",
      "2024-01-15 10:30:45",
      "20240115-103045",
      "2024-01-15T10:30:45.123456+00:00",
      "1700000000",
      "1700000000000",
      "1700000000000000000",
      "1.2.3",
      "1.2.3-rc.1+b5",
      "$1,234.56",
      "1 234 567.89",
      "\u20ac 99.99",
      "0.30000000000000004",
      "3.141592653589793",
      "-4.111111111111111e-5",
      "[0.41111111111111113, 0.5555555555554444]",
      "iVBORw0KGgoAAAANSUhEUgAAAAUA+4111/AAFCAYAAACNbyblAAAA==",
      "0x7ffd5e8a1b2c",
      "line 123, column 45",
      "12:34:56.789",
      "100%",
      "3/4",
      "python3.11",
      "utf-8",
      "ISO 8601",
      "SHA256:abc",
      "RFC 8785 section 3.2.2.3",
      "10,000,000",
      "192.168",
      "gpt-4o-2024-08-06",
      "E1234567",
      "#4111",
      "rows 100-200-300",
      "1-2-3-4-5-6-7-8-9-0-1-2-3-4-5-6",
      "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
  });
}

}  // namespace
}  // namespace plog::redact
