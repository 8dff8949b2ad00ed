// Rules for keys: what the name of a value says about the value ("db_password", "X-Api-Key", "cardNumber").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace plog::redact {

enum class KeyKind : std::uint8_t {
  kNone,
  kSecret,   // any value is a secret
  kWeak,     // the value is a secret unless it looks like a word ("token")
  kCard,     // 12 to 19 digits are a card number, in a string or as a JSON number
  kSsn,      // 7 to 9 digits, likewise
  kAccount,  // 5 to 18 digits, likewise
};

struct KeyRule {
  KeyKind kind = KeyKind::kNone;
  std::string_view name;  // the name in the marker, one of kKeyNames; lives as long as the process
};

// Returns the rule for a key; `kind` is kNone if there is none. Compares whole words, in snake, camel and kebab case.
// The last words decide, so "password_policy", "max_tokens" and "token_count" have no rule.
KeyRule key_rule(std::string_view key) noexcept;

// Whether the name, one of kKeyNames, is that of a rule for personal numbers (not for secrets).
bool is_number_key(std::string_view name) noexcept;

// The names in the markers of rules for keys.
inline constexpr std::string_view kKeyNames[] = {
    "password", "secret",        "token",      "api_key",           "private_key",
    "cookie",   "authorization", "credential", "connection_string", "recovery_phrase",
    "card",     "card_code",     "ssn",        "account_number"};

// Every key with a rule contains at least one of these words, in any case. Lower case.
inline constexpr std::string_view kKeyWords[] = {
    "pass",     "pwd",        "secret",     "token",    "key",    "cookie",   "auth",   "cred", "bearer",
    "jwt",      "connection", "conn_str",   "mnemonic", "phrase", "recovery", "backup", "seed", "senha",
    "contrase", "passe",      "wachtwoord", "card",     "pan",    "cvv",      "cvc",    "ccn",  "cc_n",
    "cc-n",     "ssn",        "social",     "account",  "acct",   "iban"};

}  // namespace plog::redact
